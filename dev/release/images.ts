const imageLine = /^ *image: (\S+)$/gm;
const variable = /\$\{[A-Z_]+:=([^}]*)\}/g;

/** The container images that manifests name, with their variables' defaults in place, one a line, each once. */
export function listImages(manifests: readonly string[]): string {
  const names = manifests.flatMap((text) => [...text.matchAll(imageLine)].map(([, image = '']) => image));
  const plain = names.map((name) => name.replace(variable, '$1'));
  return [...new Set(plain)]
    .toSorted()
    .map((name) => `${name}\n`)
    .join('');
}
