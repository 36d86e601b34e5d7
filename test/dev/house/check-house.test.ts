import { describe, expect, it } from 'vitest';
import { renderHouse } from '../../../dev/house/check-house.ts';
import type { Room } from '../../../dev/house/room.ts';

const room: Room = {
  path: 'domain/report',
  holds: 'What people are shown',
  mayImport: ['api', 'api/one.ts', 'domain', 'domain/inputs', 'domain/life', 'runtime/kube'],
  mayImportTypesOf: ['activities'],
  bans: [{ modules: ['node:net', 'zod'], exceptNames: ['isIP'], why: 'No I/O.' }],
};
const contributing = 'before\n\n<!-- layout: npm run generate -->\n\nold\n\n<!-- layout: end -->\n\nafter\n';

describe('renderHouse', () => {
  it('says in three lines what a room holds, may import and may not', () => {
    expect(renderHouse([room], contributing).get('domain/report/README.md')).toBe(`# domain/report

- Here: What people are shown.
- May import: \`api\`, \`api/one.ts\`, \`domain\`, \`domain/{inputs,life}\`, \`runtime/kube\`, types of \`activities\`.
- May not: any other folder; \`node:net\`, \`zod\` except \`isIP\` (No I/O).
`);
  });

  it('writes the layout between its marks, and nothing else', () => {
    const none: Room = { path: 'api', holds: 'Schemas', mayImport: [] };
    expect(renderHouse([none], contributing).get('CONTRIBUTING.md')).toBe(
      contributing.replace(
        'old',
        '| Folder | Holds   | May import |\n| ------ | ------- | ---------- |\n| `api/` | Schemas |            |',
      ),
    );
    expect(() => renderHouse([none], 'no marks')).toThrow('no place for the layout');
  });
});
