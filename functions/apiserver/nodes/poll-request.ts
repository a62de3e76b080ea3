/** Reads what an agent sends with a poll. The sender is a node, which may have been taken over: only the shape counts. */
import { boundedJson } from '../../kube/bounded-json.ts';
import type { NodePollRequest, PodReport } from '../../node-protocol/node-poll.ts';
import { badRequest } from '../../kube/status-error.ts';
import { readBytes } from '../http/request-body.ts';
import { isJsonObject } from '../../kube/object.ts';

/** More than a node runs pods; each costs a read. */
const reportsMax = 2_000;

type Fields = Readonly<Record<string, unknown>>;

const isReport = (value: unknown): value is PodReport =>
  isJsonObject(value) &&
  ['namespace', 'name', 'uid'].every((field) => typeof value[field] === 'string') &&
  isJsonObject(value['status']) &&
  ['boolean', 'undefined'].includes(typeof value['finished']);

function parsed(text: string): Fields {
  try {
    const body = boundedJson(text);
    if (isJsonObject(body)) return body;
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('the body of a node poll cannot be read');
    throw error;
  }
  throw badRequest('the body of a node poll must be an object');
}

/** Throws 400 for what is no poll, and 413 for what is too long. */
export async function readPollRequest(request: Request): Promise<NodePollRequest> {
  const { since, waitSeconds = 0, status, pods = [] } = parsed(Buffer.from(await readBytes(request)).toString('utf8'));
  if (since !== undefined && typeof since !== 'string') throw badRequest('since must be a revision');
  if (typeof waitSeconds !== 'number') throw badRequest('waitSeconds must be a number');
  if (status !== undefined && !isJsonObject(status)) throw badRequest('status must be an object');
  if (!Array.isArray(pods) || pods.length > reportsMax || !pods.every(isReport)) {
    throw badRequest(`pods must be at most ${reportsMax} reports`);
  }
  return { waitSeconds, pods, ...(since === undefined ? {} : { since }), ...(status === undefined ? {} : { status }) };
}
