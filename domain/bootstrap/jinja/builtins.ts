const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Of jinja2 3. */
const filters = words(
  'abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby indent int items join last length list lower map max min pprint random reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap xmlattr',
);
const tests = words(
  'boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper',
);

export const isKnownFilter = (name: string): boolean => filters.has(name);
export const isKnownTest = (name: string): boolean => tests.has(name);
