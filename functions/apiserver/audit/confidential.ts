/** Requests whose bodies hold what must stand in no log, whatever the policy asks for: their metadata is recorded at most. */
import { agentGroup } from '../../node-protocol/node-poll.ts';
import type { RequestInfo } from '../ports.ts';
import type { Level } from './policy.ts';

/** Secrets; tokens that are made or reviewed; polls, which bring a node the Secrets of its pods. */
const isConfidential = ({ group, resource, subresource }: RequestInfo): boolean =>
  (group === '' && resource === 'secrets') ||
  (group === '' && resource === 'serviceaccounts' && subresource === 'token') ||
  (group === 'authentication.k8s.io' && resource === 'tokenreviews') ||
  group === agentGroup;

export const levelWithin = (level: Level, info: RequestInfo): Level =>
  (level === 'Request' || level === 'RequestResponse') && isConfidential(info) ? 'Metadata' : level;
