/** What an object to be written must have; apiVersion and kind are filled in from the resource. */
export interface WritableObject {
  metadata: { name?: string | undefined; namespace?: string | undefined };
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Default 30 s. */
  timeoutMs?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  fieldManager?: string | undefined;
  dryRun?: boolean | undefined;
}

export interface Selection {
  /** Absent: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Ask for PartialObjectMetadata: nothing but metadata travels and is parsed. */
  metadataOnly?: boolean | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  limit?: number | undefined;
  continueToken?: string | undefined;
  resourceVersion?: string | undefined;
  /** A resourceVersion of this kind: the answer shows at least what was written up to it. Excludes `resourceVersion`. */
  notOlderThan?: string | undefined;
}

/** What a page says at its end. */
export interface ListEnd {
  resourceVersion: string;
  /** Present when there are more pages. */
  continueToken: string | undefined;
}

/** One page; items are what the API server sent, unparsed. */
export interface ListPage extends ListEnd {
  items: unknown[];
}

export interface WatchOptions extends Selection {
  /** Where to begin: the resourceVersion of a list or of the last event seen. */
  resourceVersion: string;
  /** After this time the server ends the watch. */
  timeoutSeconds?: number | undefined;
  /** Longest silence (bookmarks come about once a minute) before the connection counts as dead; default 150 s. */
  idleTimeoutMs?: number | undefined;
}

export interface PatchOptions extends WriteOptions {
  subresource?: 'status' | undefined;
  /** `merge` (default): RFC 7386; `json`: RFC 6902; `apply`: server-side apply, needs `fieldManager`. */
  type?: 'merge' | 'json' | 'apply' | undefined;
  /** Server-side apply: take over fields of other managers. */
  force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  preconditions?: { uid?: string; resourceVersion?: string } | undefined;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
}
