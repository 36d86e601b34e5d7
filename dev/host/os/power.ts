import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { simulatorFolder } from './disk.ts';

/** What a `shutdown` on the host has scheduled. */
export interface ScheduledShutdown {
  mode: 'reboot' | 'poweroff';
  immediate: boolean;
}

export interface HostPowerOptions {
  root: string;
  /** From the end of the run that scheduled it to the shutdown; stands for the minute of `+1`. */
  delayMs: number;
  /** A plan runs now. */
  isRunning: () => boolean;
  shutDown: (mode: ScheduledShutdown['mode']) => void;
}

export interface HostPower {
  /** Looks again; called when a run ended. */
  check(): void;
  close(): void;
}

/**
 * Carries out scheduled shutdowns. A delay begins when the run that scheduled it has ended and its result is written:
 * a real minute is far longer than that, a test's few milliseconds need not be. A later run does not put it off.
 */
export function watchHostPower(options: HostPowerOptions): HostPower {
  const folder = join(options.root, simulatorFolder, 'power');
  let armed: { schedule: string; timer: NodeJS.Timeout } | undefined;
  const disarm = (): void => {
    clearTimeout(armed?.timer);
    armed = undefined;
  };
  let closed = false;
  const check = (): void => {
    if (closed) return;
    const schedule = readSchedule(folder);
    if (schedule === armed?.schedule) return;
    disarm();
    if (schedule === undefined) return;
    const { mode, immediate } = parseSchedule(schedule);
    if (options.isRunning() && !immediate) return;
    const timer = setTimeout(
      () => {
        const standing = readSchedule(folder) === schedule;
        armed = undefined;
        if (standing) options.shutDown(mode);
      },
      immediate ? 0 : options.delayMs,
    );
    armed = { schedule, timer };
  };
  const watcher = watch(folder, check);
  return {
    check,
    close: () => {
      closed = true;
      disarm();
      watcher.close();
    },
  };
}

function readSchedule(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'scheduled'), 'utf8');
  } catch {
    return undefined;
  }
}

function parseSchedule(schedule: string): ScheduledShutdown {
  const [mode, when] = schedule.split(' ');
  return { mode: mode === 'reboot' ? 'reboot' : 'poweroff', immediate: when === 'now' };
}
