/**
 * Known causes, most telling first. Only these sentences leave the host's output: the output itself may hold secrets
 * (system.md section 7, rule 2).
 */
const causes: readonly [pattern: RegExp, cause: string][] = [
  [/no space left on device|disk quota exceeded/, 'no space left on the host'],
  [/read-only file system/, 'a file system of the host is read-only'],
  [/input\/output error|i\/o error/, 'the host cannot read or write its disk'],
  [/x509|certificate|tls: /, 'the certificate of the registry is not trusted by the host'],
  [
    /manifest[ _]unknown|name[ _]unknown|manifest for .{1,300} not found|image .{1,300} not found|repository .{1,300} (?:not found|does not exist)/,
    'the registry has no such image',
  ],
  [
    /unauthorized|authentication required|access denied|access to the resource is denied|\b40[13]\b/,
    'the registry refuses access',
  ],
  [/too many requests|toomanyrequests/, 'the registry limits the rate of requests'],
  [
    /no such host|name resolution|could not resolve|name or service not known|server misbehaving/,
    'a name cannot be resolved',
  ],
  [/connection refused/, 'the connection is refused'],
  [/network is unreachable|no route to host/, 'the network is not reachable'],
  [/i\/o timeout|timed out|deadline exceeded|timeout exceeded/, 'a connection timed out'],
  [/connection reset|unexpected eof|broken pipe/, 'a connection broke'],
  [/cannot allocate memory|out of memory/, 'the host is out of memory'],
  [
    /command not found|executable file not found|failed to run command|: not found$/m,
    'a command is missing on the host',
  ],
  [/permission denied|operation not permitted/, 'permission is denied'],
  [/no such file or directory/, 'a file or folder is missing'],
];

/** Cause of a failed step, in fixed words; undefined when nothing is recognised. */
export function classifyFailure(output: string, exitCode: number | undefined): string | undefined {
  // Of `timeout`: 124 after SIGTERM, 137 when SIGKILL was needed; the kernel kills with 137 as well.
  if (exitCode === 124) return 'the command did not end in time';
  const text = output.toLowerCase();
  const known = causes.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) return known;
  if (exitCode === 137) return 'the command was killed: it did not end in time, or the host is out of memory';
  return exitCode === 127 ? 'a command is missing on the host' : undefined;
}
