import { NetworkProblem } from './problem.ts';

export type Parameters = Record<string, string | number | boolean>;
type Reader = (value: string) => string | number | boolean | undefined;

const number: Reader = (value) => (/^\d{1,9}$/.test(value) ? Number(value) : undefined);
const yesOrNo: Reader = (value) => ({ true: true, yes: true, 1: true, false: false, no: false, 0: false })[value];
const name: Reader = (value) => (/^[\w.-]{1,15}$/.test(value) ? value : undefined);
/** Linux takes the words and their numbers. */
const oneOf =
  (...words: readonly string[]): Reader =>
  (value) =>
    words.includes(value) ? value : /^\d$/.test(value) ? words[Number(value)] : undefined;

const readMode = oneOf(
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
);

interface Option {
  key: string;
  read: Reader;
}

/** Options of NetworkManager's `[bond]`, as cloud-init and netplan both know them. */
const bondOptions: Readonly<Record<string, Option>> = {
  mode: { key: 'mode', read: readMode },
  miimon: { key: 'mii-monitor-interval', read: number },
  updelay: { key: 'up-delay', read: number },
  downdelay: { key: 'down-delay', read: number },
  lacp_rate: { key: 'lacp-rate', read: oneOf('slow', 'fast') },
  min_links: { key: 'min-links', read: number },
  xmit_hash_policy: {
    key: 'transmit-hash-policy',
    read: oneOf('layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4'),
  },
  ad_select: { key: 'ad-select', read: oneOf('stable', 'bandwidth', 'count') },
  num_grat_arp: { key: 'gratuitous-arp', read: number },
  num_unsol_na: { key: 'gratuitous-arp', read: number },
  primary: { key: 'primary', read: name },
  primary_reselect: { key: 'primary-reselect-policy', read: oneOf('always', 'better', 'failure') },
  fail_over_mac: { key: 'fail-over-mac-policy', read: oneOf('none', 'active', 'follow') },
};

const bridgeOptions: Readonly<Record<string, Option>> = {
  stp: { key: 'stp', read: yesOrNo },
  priority: { key: 'priority', read: number },
  'forward-delay': { key: 'forward-delay', read: number },
  'hello-time': { key: 'hello-time', read: number },
  'max-age': { key: 'max-age', read: number },
  'ageing-time': { key: 'ageing-time', read: number },
};
/** They say nothing about how the link works. */
const silent = new Set(['interface-name', 'mac-address', 'options']);

/**
 * Parameters of a bond, from its keyfile or its recorded mode.
 * @throws NetworkProblem when no mode is known, or an option cannot be said
 */
export function bondParameters(
  place: string,
  options: ReadonlyMap<string, string>,
  mode: string | undefined,
): Parameters {
  const listed = (options.get('options') ?? '').split(',').flatMap((option) => {
    const at = option.indexOf('=');
    return at > 0 ? [[option.slice(0, at).trim(), option.slice(at + 1).trim()] as const] : [];
  });
  const all = new Map([...listed, ...options]);
  if (!all.has('mode') && mode !== undefined) all.set('mode', mode);
  if (!all.has('mode')) {
    throw new NetworkProblem(`${place}.mode: the mode of the bond is not recorded, here or in a keyfile`);
  }
  return translate(place, 'bond', all, bondOptions);
}

/** @throws NetworkProblem when an option cannot be said */
export function bridgeParameters(place: string, options: ReadonlyMap<string, string>): Parameters {
  return translate(place, 'bridge', options, bridgeOptions);
}

function translate(
  place: string,
  kind: string,
  values: ReadonlyMap<string, string>,
  known: Readonly<Record<string, Option>>,
): Parameters {
  const parameters: Parameters = {};
  for (const [option, value] of values) {
    if (silent.has(option) || value === '') continue;
    const field = /^[\w-]{1,32}$/.test(option) ? option : 'an option';
    const target = Object.hasOwn(known, option) ? known[option] : undefined;
    if (target === undefined) throw new NetworkProblem(`${place}: ${field} of the ${kind} is not supported`);
    const read = target.read(value);
    if (read === undefined) throw new NetworkProblem(`${place}: ${field} of the ${kind} has an unknown value`);
    parameters[target.key] = read;
  }
  return parameters;
}
