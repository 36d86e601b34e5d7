import { type LogLevel, type LogMetadata, type Logger as TemporalLogger } from '@temporalio/common';
import { type DestinationStream, type LogFn, type Logger, type LevelWithSilent, pino } from 'pino';
import { createOutageFilter } from './outage-lines.ts';

export { type Logger } from 'pino';

/** The keys that name what a log line is about; use these and no synonyms. */
export interface LogContext {
  /** `namespace/name` of a `BaremetalMachine`. */
  machine?: string;
  workflowId?: string;
  /** Name of a `MachineInventory`. */
  host?: string;
}

export interface LoggerOptions {
  level: LevelWithSilent;
  /** Which process speaks: `bridge`, `worker`, … */
  component: string;
  /** Default: standard output. */
  destination?: DestinationStream;
}

// Code never logs these on purpose; this is the net below it. Each is hidden at the top and one and two levels down.
const secretKeys = [
  'authorization',
  'Authorization',
  'token',
  'apiKey',
  'password',
  'bootstrapData',
  'userData',
  'plan',
  'data',
  'stringData',
  'failedOutput',
  'appliedOutput',
  '["failed-output"]',
  '["applied-output"]',
  '["resolved-value"]',
];

const redactedPaths = secretKeys.flatMap((key) =>
  key.startsWith('[') ? [key, `*${key}`, `*.*${key}`] : [key, `*.${key}`, `*.*.${key}`],
);

/** pino's number of that level. */
const FATAL = 60;

/**
 * JSON lines with a constant message and keys. Errors go under `err`; secret-looking keys are redacted. That Temporal is away
 * is one line a minute, see `createOutageFilter`.
 */
export function createLogger({ level, component, destination }: LoggerOptions): Logger {
  const passes = createOutageFilter(() => performance.now());
  const options = {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: '[redacted]' },
    serializers: { err: serializeError },
    hooks: {
      logMethod(this: Logger, [fields, ...rest]: Parameters<LogFn>, method: LogFn, level: number): void {
        // What ends the process is said in any case.
        const added = level >= FATAL ? {} : passes(fields);
        if (added !== undefined) method.call(this, isFields(fields) ? { ...fields, ...added } : fields, ...rest);
      },
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A logger whose lines name the object that they are about. */
export function childLogger(logger: Logger, context: LogContext): Logger {
  return logger.child(context);
}

/** Name, message, code and stack of an error, of its causes and of the first of its parts, and none of its other fields: they may hold answers. */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && ['string', 'number'].includes(typeof error.code) ? error.code : undefined;
  const cause = error.cause === undefined || depth >= 3 ? undefined : serializeError(error.cause, depth + 1);
  const errors =
    error instanceof AggregateError && depth < 3
      ? error.errors.slice(0, 3).map((one: unknown) => serializeError(one, depth + 1))
      : undefined;
  return { type: error.name, message: error.message, code, stack: error.stack, cause, errors };
}

const pinoLevels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}

/** Lets Temporal's SDK log through pino: `Runtime.install({ logger: toTemporalLogger(logger) })`. */
export function toTemporalLogger(logger: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta?: LogMetadata): void => {
    const { error, ...keys } = meta ?? {};
    // With it, whoever reads the log could complete the activity.
    delete keys['taskToken'];
    logger[pinoLevels[level]](error === undefined ? keys : { ...keys, err: error }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
