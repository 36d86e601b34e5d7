import { compareVersions } from './object-store.ts';

/** Who waits until a watch has come to a resourceVersion. */
export interface AwaitedVersions {
  /** @param seen how far the watch has come; empty: it has not begun */
  wait(version: string, seen: string, withinMs: number): Promise<boolean>;
  /** The watch has come so far. */
  tell(seen: string): void;
}

interface Waiter {
  version: string;
  done: (seen: boolean) => void;
}

/** See `AwaitedVersions`. */
export function createAwaitedVersions(): AwaitedVersions {
  const waiters = new Set<Waiter>();
  const isSeen = (version: string, seen: string): boolean => seen !== '' && compareVersions(seen, version) >= 0;
  return {
    wait(version, seen, withinMs) {
      if (isSeen(version, seen)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const waiter: Waiter = {
          version,
          done(isThere) {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve(isThere);
          },
        };
        const timer = setTimeout(() => waiter.done(false), withinMs);
        waiters.add(waiter);
      });
    },
    tell(seen) {
      for (const waiter of waiters) if (isSeen(waiter.version, seen)) waiter.done(true);
    },
  };
}
