/** Kubernetes service-account tokens: `sub` is `system:serviceaccount:NAMESPACE:NAME`. */
import { isJsonObject } from '../strict-json.ts';

/** Admits the service accounts of a namespace, or one of them. */
export interface ServiceAccountPin {
  readonly namespace: string;
  /** Without it every service account of the namespace is admitted. */
  readonly name?: string | undefined;
}

/** What a token says about its service account. */
export interface ServiceAccountClaims {
  readonly subject: unknown;
  /** The private claim `kubernetes.io` of a bound token. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** True when `sub`, and the private claim if there is one, both name a pinned account. */
export function checkServiceAccount(
  account: ServiceAccountClaims,
  pin: ServiceAccountPin,
): boolean {
  const { subject, details } = account;
  if (typeof subject !== 'string') return false;
  const [system, kind, namespace, name, ...rest] = subject.split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || rest.length > 0) return false;
  if (namespace !== pin.namespace || name === undefined || name === '') return false;
  if (pin.name !== undefined && name !== pin.name) return false;
  if (details === undefined) return true;
  const bound = details['serviceaccount'];
  if (details['namespace'] !== namespace) return false;
  return bound === undefined || (isJsonObject(bound) && bound['name'] === name);
}
