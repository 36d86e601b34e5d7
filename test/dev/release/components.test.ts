import { describe, expect, it } from 'vitest';
import { CURRENT_VERSION, finishComponents, finishConsole, quoteVariables } from '../../../dev/release/components.ts';
import { listImages } from '../../../dev/release/images.ts';
import { cutNotes } from '../../../dev/release/notes.ts';

const built = [
  'data:',
  '  IRONLOOM_TASK_QUEUE: ${IRONLOOM_TASK_QUEUE:=q}',
  '  TEMPORAL_TLS: ${TEMPORAL_TLS:=}',
  `        image: \${IMAGE:=example.com/ironloom}:${CURRENT_VERSION}`,
  `        image: \${IMAGE:=example.com/ironloom}:${CURRENT_VERSION}`,
  `          value: ${CURRENT_VERSION}`,
  `  minimum: ${CURRENT_VERSION}`,
  '',
].join('\n');

describe('finishComponents', () => {
  const finished = finishComponents(built, 'v0.2.0');

  it('keeps what replaces a variable a string: false, 60 and nothing as well', () => {
    expect(finished).toContain('  TEMPORAL_TLS: "${TEMPORAL_TLS:=}"\n');
    expect(finished).toContain('  IRONLOOM_TASK_QUEUE: "${IRONLOOM_TASK_QUEUE:=q}"\n');
  });

  it('gives both images and the build id the version, and nothing else', () => {
    expect(finished.match(/v0\.2\.0/g)).toHaveLength(3);
    expect(finished).toContain(`minimum: ${CURRENT_VERSION}\n`);
  });

  it('refuses manifests of another version', () => {
    expect(() => finishComponents(built.replace(`value: ${CURRENT_VERSION}`, 'value: v9'), 'v0.2.0')).toThrow(
      'Two images and a build id',
    );
  });
});

describe('finishConsole', () => {
  it('gives its image the version, and refuses any other number of them', () => {
    const image = `        image: example.com/ironloom:${CURRENT_VERSION}\n`;
    expect(finishConsole(image, 'v0.2.0')).toBe('        image: example.com/ironloom:v0.2.0\n');
    expect(() => finishConsole(`${image}${image}`, 'v0.2.0')).toThrow('One image');
  });
});

describe('quoteVariables', () => {
  it('keeps a namespace a string that is called as a number', () => {
    expect(quoteVariables('metadata:\n  namespace: ${NAMESPACE}\n')).toBe('metadata:\n  namespace: "${NAMESPACE}"\n');
  });
});

describe('listImages', () => {
  it('puts defaults in place of variables and tells each image once', () => {
    expect(listImages([built, '  image: ${A:=example.com/b}:${C:=v1}\n'])).toBe(
      `example.com/b:v1\nexample.com/ironloom:${CURRENT_VERSION}\n`,
    );
  });
});

describe('cutNotes', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n- new\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- two\n\n## [0.1.0]\n';

  it('takes the section of the version, to the next one', () => {
    expect(cutNotes(changelog, 'v0.2.0')).toBe('# Ironloom v0.2.0\n\n### Added\n\n- two\n');
  });

  it('takes what is not released where the version has no section', () => {
    expect(cutNotes(changelog, 'v0.3.0')).toBe('# Ironloom v0.3.0\n\n- new\n');
  });

  it('refuses an empty section', () => {
    expect(() => cutNotes(changelog, 'v0.1.0')).toThrow('CHANGELOG.md tells nothing of v0.1.0');
  });
});
