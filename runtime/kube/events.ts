import { events, type Resource } from '../../api/resources.ts';
import { isAlreadyExists, type KubeClient } from './client.ts';

/** An Event about one object, for `kubectl describe`. */
export interface KubeEvent {
  resource: Pick<Resource<unknown>, 'group' | 'version' | 'kind'>;
  /** `resourceVersion` where one state of the object is meant. */
  object: { namespace: string; name: string; uid: string; resourceVersion?: string };
  type: 'Normal' | 'Warning';
  /** CamelCase. */
  reason: string;
  message: string;
  /** Which process speaks. */
  component: string;
  /** Makes the Event's name: the same one is written once, however often it is asked for. */
  digest: string;
  /** When it happened. Absent: now. */
  atMs?: number;
}

const MAX_MESSAGE_LENGTH = 1024;

/** Writes an Event. @throws KubeApiError, KubeConnectionError */
export async function createEvent(client: Pick<KubeClient, 'create'>, event: KubeEvent): Promise<void> {
  const { resource, object, type, reason, component } = event;
  const now = new Date(event.atMs ?? Date.now()).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  try {
    await client.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${object.name.slice(0, 200)}.${event.digest}`, namespace: object.namespace },
      involvedObject: { apiVersion, kind: resource.kind, ...object },
      type,
      reason,
      message: event.message.slice(0, MAX_MESSAGE_LENGTH),
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
