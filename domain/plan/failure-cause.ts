import type { PlanStep } from './steps.ts';

interface Cause {
  /** Tried on one error line, in lower case. */
  pattern: RegExp;
  cause: string;
  /** Only this step can fail for it. */
  step?: PlanStep;
}

/**
 * Known causes, most telling first. Only these sentences leave the host's output: the output itself may hold secrets
 * (system.md section 7, rule 2).
 */
const causes: readonly Cause[] = [
  { pattern: /no space left on device|disk quota exceeded/, cause: 'no space left on the host' },
  { pattern: /read-only file system/, cause: 'a file system of the host is read-only' },
  { pattern: /input\/output error|i\/o error/, cause: 'the host cannot read or write its disk' },
  {
    pattern:
      /x509: |\bcertificate (?:signed by|has expired|is not|is valid for|verify failed|verification)|\bself[- ]signed certificate|\b(?:unknown|bad|untrusted) certificate|tls: failed to verify/,
    cause: 'the certificate of the registry is not trusted by the host',
    step: 'upgrade',
  },
  {
    pattern:
      /manifest[ _]unknown|name[ _]unknown|manifest for \S{1,300} not found|image \S{1,300} not found|repository .{1,300} (?:not found|does not exist)/,
    cause: 'the registry has no such image',
    step: 'upgrade',
  },
  {
    pattern:
      /\bunauthorized\b|authentication required|access denied|access to the resource is denied|\b40[13] (?:forbidden|unauthorized)|\b(?:status|code|http)\b\W{0,3}(?:code\W{1,3})?40[13]\b(?! \w)|(?<=\berror\W{1,2})40[13]\b(?! \w)/,
    cause: 'the registry refuses access',
    step: 'upgrade',
  },
  {
    pattern: /too many requests|toomanyrequests/,
    cause: 'the registry limits the rate of requests',
    step: 'upgrade',
  },
  {
    pattern: /no such host|name resolution|could not resolve|name or service not known|server misbehaving/,
    cause: 'a name cannot be resolved',
  },
  { pattern: /connection refused/, cause: 'the connection is refused' },
  { pattern: /network is unreachable|no route to host/, cause: 'the network is not reachable' },
  {
    pattern: /i\/o timeout|timed out|deadline exceeded|timeout exceeded|handshake timeout/,
    cause: 'a connection timed out',
  },
  { pattern: /connection reset|unexpected eof|broken pipe/, cause: 'a connection broke' },
  { pattern: /cannot allocate memory|out of memory/, cause: 'the host is out of memory' },
  {
    pattern: /command not found|executable file not found|failed to run command|: not found$/,
    cause: 'a command is missing on the host',
  },
  { pattern: /permission denied|operation not permitted/, cause: 'permission is denied' },
  { pattern: /no such file or directory/, cause: 'a file or folder is missing' },
];

/** Lines that programs mark as anything less than an error. */
const calmLine =
  /^(?:[\d[(]\S* ){0,3}\W?(?:trace|debu?g?|info|notice|warn(?:ing)?)\b|\blevel=(?:trace|debug|info|warn(?:ing)?)\b|"level":"(?:trace|debug|info|warn(?:ing)?)"|^[iw]\d{4} /;
const errorWord =
  /\b(?:err(?:or)?s?|fata?l?|panic|crit(?:ical)?|fail(?:ed|ure|s|ing)?|cannot|can't|couldn't|could not|unable|denied|unauthorized)\b/;

/** Cause of a failed step, in fixed words; undefined when nothing is recognised. */
export function classifyFailure(
  output: string,
  ending: { step: PlanStep; exitCode: number } | undefined,
): string | undefined {
  const { step, exitCode } = ending ?? {};
  // Of `timeout`: 124 after SIGTERM, 137 when SIGKILL was needed; the kernel kills with 137 as well.
  if (exitCode === 124) return 'the command did not end in time';
  const lines = output.toLowerCase().split(/\r?\n/);
  const possible = causes.filter((known) => known.step === undefined || step === undefined || known.step === step);
  const known = possible.find(({ pattern }) => lines.some((line) => isErrorLine(line, pattern)))?.cause;
  if (known !== undefined) return known;
  if (exitCode === 137) return 'the command was killed: it did not end in time, or the host is out of memory';
  return exitCode === 127 ? 'a command is missing on the host' : undefined;
}

/**
 * Whether a line reports an error that the pattern knows: it says that it is one, or is a diagnosis as programs write
 * them, `who: what: why`. The same words in a progress line or a path are no cause.
 */
function isErrorLine(line: string, pattern: RegExp): boolean {
  const found = pattern.exec(line);
  if (found === null || calmLine.test(line)) return false;
  const before = line.slice(0, found.index);
  const after = line.slice(found.index + found[0].length);
  return /^$|: "?$/.test(before) || found[0].startsWith(': ') || errorWord.test(`${before}|${after}`);
}
