import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeFileContent, parseHostPlan, planChecksum } from '../../../dev/elemental/host-plan.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { readPlanAttempt } from '../../../domain/plan/document.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';

const id = attemptId({ uid: 'uid-1', planType: 'reprovision', attempt: 1 });

// Trap 6 of the host agent: what it cannot parse or write it never reports.
it('renders only plans that the host agent can read, whatever stands in their parts', () => {
  // Every code point but surrogates: as the unit 'binary', which takes seconds for a table of them.
  const unit = fc.nat(0x10ffff - 0x800).map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));
  const text = fc.string({ unit, maxLength: 300 });
  const word = text.map((value) => value.replaceAll('\0', ''));
  fc.assert(
    fc.property(text, text, text, word, (userData, hostname, networkConfig, image) => {
      const plan = renderReprovisionPlan({ attemptId: id, userData, hostname, networkConfig, image });
      const bytes = Buffer.from(plan.json, 'utf8');
      expect(planChecksum(bytes)).toBe(plan.checksum);
      expect(readPlanAttempt(bytes)).toBe(id);
      const { files, instructions } = parseHostPlan(bytes);
      expect(instructions).toHaveLength(1);
      for (const { path, permissions } of files) {
        expect(path).toMatch(/^\/var\/lib\/elemental\/ironloom\/staged\/[a-z-]+$/);
        expect(permissions).toBe('0600');
      }
      const [first, second, third] = files.map(({ content }) => decodeFileContent(content).toString('utf8'));
      expect([first, third]).toEqual([userData, networkConfig]);
      expect(second).toContain(JSON.stringify(hostname));
    }),
  );
});
