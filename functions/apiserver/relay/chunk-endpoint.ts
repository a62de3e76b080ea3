/**
 * Where agents put the chunks of a log that goes by mail: `POST relays/{id}/chunks?number=N`, and `GET` to ask whether
 * there is room. The node's name is part of the mailbox's: what another node sends for this id is never read.
 */
import { agentGroup, type RelayGrant } from '../../node-protocol/node-poll.ts';
import { encodedBytesMax } from '../../node-protocol/relay-chunk.ts';
import { badRequest, notFound } from '../../kube/status-error.ts';
import type { Clock } from '../../world.ts';
import { nodeOf } from '../auth/groups.ts';
import { readBytes } from '../http/request-body.ts';
import type { ApiRequest } from '../ports.ts';
import { mailboxAt, type Mail } from './mailbox.ts';

export interface ChunkEndpointOptions {
  readonly mail: Mail;
  readonly clock: Pick<Clock, 'now'>;
}

const relays = { group: agentGroup, resource: 'relays' };

function numberOf(url: URL): number {
  const number = Number(url.searchParams.get('number') ?? 'none');
  if (!Number.isInteger(number) || number < 1) throw badRequest('the number of a chunk must be a whole number from 1');
  return number;
}

const isRoom = ({ isOpen, upTo }: RelayGrant, number: number): boolean => isOpen && number <= upTo;

export async function answerChunk({ mail, clock }: ChunkEndpointOptions, { request, url, info, user }: ApiRequest): Promise<Response> {
  const nodeName = nodeOf(user);
  if (nodeName === undefined) throw notFound(relays, info.name);
  const mailbox = mailboxAt({ nodeName, id: info.name }, mail, () => clock.now());
  const number = request.method === 'POST' ? numberOf(url) : undefined;
  const grant = await mailbox.grant();
  if (grant === undefined) throw notFound(relays, info.name);
  if (number !== undefined && isRoom(grant, number)) await mailbox.putChunk(number, await readBytes(request, encodedBytesMax));
  return Response.json(grant);
}
