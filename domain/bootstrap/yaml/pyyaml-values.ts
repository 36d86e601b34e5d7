import { type Document, isAlias, isMap, isScalar, isSeq, Scalar } from 'yaml';

/** What PyYAML would refuse, and where in the text. */
export interface PyYamlFault {
  fault: string;
  offset: number;
}

const deepest = 150;
const date = /^(\d{4})-(\d\d)-(\d\d)$/;
const time =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.\d*)?(?:[ \t]*(?:Z|[-+](\d\d?)(?::?(\d\d))?))?$/;
const collectionTags = /^tag:yaml\.org,2002:(?:omap|pairs|set|seq|map)$/;
const namespace = 'tag:yaml.org,2002:';

/**
 * Looks for what PyYAML's constructor refuses (yaml/constructor.py) and our parser takes: keys that cannot be hashed,
 * merges of no mapping, tags on values of another kind, dates that no calendar has, and nesting that ends its stack.
 */
export function findPyYamlFault(document: Document.Parsed): PyYamlFault | undefined {
  return judge(document.contents, document, 0);
}

function judge(node: unknown, document: Document.Parsed, depth: number): PyYamlFault | undefined {
  if (isScalar(node)) return judgeScalar(node);
  if (!isMap(node) && !isSeq(node)) return undefined;
  const offset = node.range?.[0] ?? 0;
  if (depth > deepest) return { fault: `nested deeper than ${deepest} levels`, offset };
  const wanted = isMap(node) ? ['map', 'set'] : ['seq', 'omap', 'pairs'];
  if (node.tag !== undefined && !wanted.includes(node.tag.replace(namespace, ''))) {
    return { fault: 'a tag on a value of another kind', offset };
  }
  for (const item of node.items) {
    const found = isMap(node) ? judgePair(item, document, depth) : judge(item, document, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function judgePair(pair: unknown, document: Document.Parsed, depth: number): PyYamlFault | undefined {
  if (typeof pair !== 'object' || pair === null || !('key' in pair) || !('value' in pair)) return undefined;
  const { key, value } = pair;
  if (key === null || (isScalar(key) && key.value === null && key.source === '')) {
    return { fault: 'a value without a key', offset: offsetOf(key) ?? offsetOf(value) ?? 0 };
  }
  const resolved = isAlias(key) ? key.resolve(document) : key;
  if (isMap(resolved) || isSeq(resolved)) {
    return { fault: 'a key that is a list or mapping', offset: offsetOf(key) ?? 0 };
  }
  if (isScalar(key) && key.type === Scalar.PLAIN && key.value === '<<' && key.tag === undefined) {
    return judgeMerge(value, document, offsetOf(key) ?? 0) ?? judge(value, document, depth + 1);
  }
  return judge(key, document, depth + 1) ?? judge(value, document, depth + 1);
}

function judgeMerge(value: unknown, document: Document.Parsed, offset: number): PyYamlFault | undefined {
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const merged = resolve(value);
  const isGood = isMap(merged) || (isSeq(merged) && merged.items.every((item) => isMap(resolve(item))));
  return isGood ? undefined : { fault: 'a merge of what is no mapping', offset };
}

function judgeScalar(node: Scalar): PyYamlFault | undefined {
  const { tag, source = '', type } = node;
  const offset = node.range?.[0] ?? 0;
  if (tag !== undefined && collectionTags.test(tag)) return { fault: 'a tag on a value of another kind', offset };
  const kind = tag?.replace(namespace, '');
  const fault =
    kind === undefined ? (type === Scalar.PLAIN ? plainFault(source) : undefined) : taggedFault(kind, source);
  return fault === undefined ? undefined : { fault, offset };
}

/** What an unquoted text resolves to by itself, when that cannot be made. */
function plainFault(source: string): string | undefined {
  if (source === '=' || source === '<<') return 'a sign that has to be quoted';
  if (/^[-+]?0[bx]_+$/.test(source)) return 'a number without digits';
  if (/^[-+]?[\d_]{4000,}$/.test(source)) return 'a number that is too long';
  return date.test(source) || time.test(source) ? dateFault(source) : undefined;
}

function taggedFault(kind: string, source: string): string | undefined {
  switch (kind) {
    case 'int':
      return /^[-+]?(?:0b[01_]*[01][01_]*|0x[\da-f_]*[\da-f][\da-f_]*|[\d_]*\d[\d_]*(?::[\d_]+)*)$/i.test(source)
        ? undefined
        : 'no number';
    case 'float':
      return /^[-+]?(?:\.inf|\.nan|(?:[\d_]*\d[\d_]*\.?[\d_]*|\.[\d_]*\d[\d_]*)(?:e[-+]?\d+)?|\d[\d_]*(?::[\d_]+)*\.?[\d_]*)$/i.test(
        source,
      )
        ? undefined
        : 'no number';
    case 'bool':
      return /^(?:yes|no|true|false|on|off)$/i.test(source) ? undefined : 'neither true nor false';
    case 'timestamp':
      return date.test(source) || time.test(source) ? dateFault(source) : 'no date';
    case 'binary':
      return isBase64(source) ? undefined : 'not base64';
    default:
      return undefined;
  }
}

/** Python skips what is no base64, and misses only padding. */
function isBase64(source: string): boolean {
  const letters = source.replaceAll(/[^A-Za-z0-9+/]/g, '').length % 4;
  const padding = source.split('=').length - 1;
  return /^[\0-\x7F]*$/.test(source) && letters !== 1 && (letters === 0 || letters + padding >= 4);
}

function dateFault(source: string): string | undefined {
  const [, year, month, day, hour = '0', minute = '0', second = '0', zone = '0', zoneMinute = '0'] =
    date.exec(source) ?? time.exec(source) ?? [];
  const lastDay = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  const isGood =
    Number(year) >= 1 &&
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(day) >= 1 &&
    Number(day) <= lastDay &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(zone) * 60 + Number(zoneMinute) < 24 * 60;
  return isGood ? undefined : 'a date that no calendar has';
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isAlias(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}
