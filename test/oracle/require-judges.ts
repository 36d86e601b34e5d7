import { missingJudges } from './judges.ts';

/** Says what the judges lack, instead of failing in each of them. */
export default function requireJudges(): void {
  const missing = missingJudges();
  if (missing !== undefined) throw new Error(missing);
}
