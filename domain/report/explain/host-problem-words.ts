import type { HostView } from '../../inputs/host-view.ts';
import type { HostProblem, HostProblemReason } from '../../pool/host-eligibility.ts';
import { byHand, type Explanation, type Way } from './way.ts';

interface Words {
  stuck: boolean;
  expected: string;
  next: string;
  ways: (host: HostView) => Way[];
}

const anew = ({ name }: HostView): Way =>
  byHand(
    `kubectl delete machineinventory ${name}`,
    'and let the host register anew; elemental makes a new plan Secret',
  );
const look = ({ name }: HostView): Way =>
  byHand(
    `kubectl describe machineinventory ${name}`,
    'see its conditions, then look at rancher-system-agent on the host',
  );

/** What each rule of eligibility waits for. Those of the use are explained by who uses the host, before this is asked. */
const words: Record<HostProblemReason, Words> = {
  deleting: { stuck: false, expected: 'It goes', next: 'It leaves its pools', ways: (host) => [look(host)] },
  takenBySelector: {
    stuck: true,
    expected: 'No MachineInventorySelector owns a host of a pool',
    next: 'Whoever made the selector has the host',
    ways: () => [
      byHand('kubectl get machineinventoryselectors', 'delete the one that owns the host, or leave it to it'),
    ],
  },
  quarantined: {
    stuck: true,
    expected: 'An operator frees it',
    next: 'It stays out until then',
    ways: () => [{ kind: 'hostVerb', verb: 'unquarantine', leads: 'it is free once it is clean' }],
  },
  owned: { stuck: false, expected: 'Its machine gives it back', next: 'It is free then', ways: (host) => [look(host)] },
  validating: {
    stuck: false,
    expected: 'It passes the checks of its pool',
    next: 'It is free by itself once it has passed; a host that says nothing is told after the deadline',
    ways: (host) => [look(host)],
  },
  notAccepted: {
    stuck: true,
    expected: 'It passes the checks of its pool',
    next: 'It stays out until it passes',
    ways: ({ name, pool }) => [
      { kind: 'hostVerb', verb: 'validate', leads: 'when it is mended, the checks run again' },
      byHand(`ironloom output ${name}`, 'see what the host said'),
      byHand(`kubectl edit mip ${pool ?? '<pool>'}`, 'ask for less in spec.acceptance; the checks run again'),
    ],
  },
  inUse: {
    stuck: true,
    expected: 'A host in a state of use is recorded for a machine',
    next: 'Nobody goes on with it',
    ways: () => [{ kind: 'hostVerb', verb: 'quarantine', leads: 'the record goes, and the host is cleaned' }],
  },
  inAnotherPool: {
    stuck: true,
    expected: 'One pool names it',
    next: 'The pool that owns it goes on to have it',
    ways: ({ pool }) => [byHand(`kubectl edit mip ${pool ?? '<pool>'}`, 'take the host out of one of the pools')],
  },
  namedByMachine: {
    stuck: false,
    expected: 'The run of that machine records it as its user',
    next: 'It is in use as soon as that is noted',
    ways: (host) => [look(host)],
  },
  planSecretMissing: {
    stuck: true,
    expected: 'A plan Secret, through which the host gets its plans',
    next: 'elemental-operator does not make a lost one again',
    ways: (host) => [anew(host)],
  },
  foreignPlan: {
    stuck: false,
    expected: 'No plan of somebody else stands in its plan Secret',
    next: 'It is free by itself when that plan is done and its annotation gone',
    ways: ({ planSecretName = '' }) => [
      byHand(`kubectl get secret ${planSecretName} -o yaml`, 'see whose plan it is, and end that'),
    ],
  },
  refusesWrites: {
    stuck: true,
    expected: 'The API server takes our annotations and plans of it',
    next: 'It is tried again by itself, after 2 seconds to 5 minutes',
    ways: (host) => [
      byHand(
        `kubectl get machineinventory ${host.name} -o yaml`,
        'mend what refuses: a policy, a right, a full object',
      ),
      anew(host),
    ],
  },
  storageBusy: {
    stuck: false,
    expected: 'Its storage operation ends',
    next: 'It is free by itself then',
    ways: (host) => [look(host)],
  },
  storageUnprepared: {
    stuck: true,
    expected: 'Its storage is prepared',
    next: 'It is free by itself then',
    ways: (host) => [look(host)],
  },
  notReady: {
    stuck: false,
    expected: 'Its agent has applied something: Ready=True on the MachineInventory',
    next: 'It is free by itself as soon as elemental-operator says Ready',
    ways: (host) => [look(host)],
  },
};

/** A host that nobody uses and nobody can claim: which rule rules it out, and what ends that. */
export function explainProblem(host: HostView, { reason, message }: HostProblem): Explanation<'Unusable'> {
  const { stuck, expected, next, ways } = words[reason];
  return { state: 'Unusable', stuck, expected, observed: `It ${message}`, next, ways: ways(host) };
}
