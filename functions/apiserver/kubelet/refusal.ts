/**
 * What a client gets when a kubelet refuses a log.
 * Source: apiserver, pkg/registry/generic/rest/response_checker.go
 */
import type { IncomingMessage } from 'node:http';
import { StatusError, badRequest, type StatusReason } from '../../kube/status-error.ts';
import { refusalText } from '../webhook/go-errors.ts';

const textBytesMax = 50_000;

const reasons: Readonly<Record<number, StatusReason>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  503: 'ServiceUnavailable',
};

async function beginningOf(message: IncomingMessage): Promise<string> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    kept.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= textBytesMax) break;
  }
  return Buffer.concat(kept).subarray(0, textBytesMax).toString();
}

/** Throws a StatusError with the kubelet's reason, unless its answer is a success. */
export async function requireSuccess(message: IncomingMessage, podName: string): Promise<void> {
  const { statusCode: status = 502 } = message;
  if (status >= 200 && status <= 206) return;
  const text = await beginningOf(message);
  if (status === 400) throw badRequest(text);
  if (status === 500) {
    throw new StatusError(500, 'InternalError', `Internal error occurred: ${text}`, { details: { causes: [{ message: text }] } });
  }
  throw new StatusError(status, reasons[status] ?? '', `${refusalText(status, text, undefined)} ( pods ${podName})`, {
    details: { name: podName, kind: 'pods' },
  });
}
