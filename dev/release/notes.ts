/**
 * The part of a changelog, in the format of Keep a Changelog, that tells of a version: its section, or where it has none
 * yet, what is not released.
 * @param version with its leading v
 * @throws Error when there is neither, or nothing in it
 */
export function cutNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const find = (name: string) => sections.find((section) => section.startsWith(`[${name}]`));
  const section = find(version.slice(1)) ?? find('Unreleased');
  const body = section?.slice(section.indexOf('\n')).trim() ?? '';
  if (body === '') throw new Error(`CHANGELOG.md tells nothing of ${version}`);
  return `# Ironloom ${version}\n\n${body}\n`;
}
