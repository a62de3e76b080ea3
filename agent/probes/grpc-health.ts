/**
 * The gRPC health check, one call: `grpc.health.v1.Health/Check`. Its two messages are so small that they are written by
 * hand: a text in, a number out. Source: pkg/probe/grpc/grpc.go
 */
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { probeUserAgent } from '../../functions/kube/kubernetes-version.ts';
import type { CheckResult } from './checks.ts';
import { deadlineIn } from '../plugins/grpc-calls.ts';

export interface GrpcHealthInput {
  readonly host: string;
  readonly port: number;
  readonly service: string;
  readonly timeoutSeconds: number;
}

const method = '/grpc.health.v1.Health/Check';
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const serving = 1;
/** Field 1: the name of the service, as bytes with their length; a name longer than this needs a longer length. */
const serviceTag = 0x0a;
const oneByteMax = 0x7f;
/** Field 1: the status, as a number. */
const statusTag = 0x08;

function requestBytes(service: string): Buffer {
  const text = Buffer.from(service);
  if (text.length === 0) return text;
  const length = text.length <= oneByteMax ? [text.length] : [(text.length & oneByteMax) | 0x80, text.length >> 7];
  return Buffer.concat([Buffer.from([serviceTag, ...length]), text]);
}

const statusFrom = (bytes: Buffer): number => (bytes[0] === statusTag ? (bytes[1] ?? 0) : 0);

const failure = (message: string): CheckResult => ({ outcome: 'failure', message });

function refusal({ code, details }: ServiceError, timeoutSeconds: number): CheckResult {
  if (code === status.UNIMPLEMENTED)
    return failure(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`);
  if (code === status.DEADLINE_EXCEEDED) return failure(`timeout: health rpc did not complete within ${timeoutSeconds}s`);
  const name = (status[code] ?? 'UNKNOWN').toLowerCase().replace(/(^|_)([a-z])/g, (_all, _bar, letter: string) => letter.toUpperCase());
  return failure(`error: health rpc probe failed: rpc error: code = ${name} desc = ${details}`);
}

export async function grpcHealth({ host, port, service, timeoutSeconds }: GrpcHealthInput): Promise<CheckResult> {
  const address = `${host}:${port}`;
  const client = new Client(address, credentials.createInsecure(), { 'grpc.primary_user_agent': probeUserAgent });
  const deadline = deadlineIn(timeoutSeconds);
  try {
    const isConnected = await new Promise<boolean>((resolve) => client.waitForReady(deadline, (error) => resolve(error === undefined)));
    if (!isConnected)
      return failure(`timeout: failed to connect service "${address}" within ${timeoutSeconds}s: context deadline exceeded`);
    return await new Promise<CheckResult>((resolve) => {
      client.makeUnaryRequest(method, requestBytes, statusFrom, service, new Metadata(), { deadline }, (error, found) => {
        if (error !== null) return resolve(refusal(error, timeoutSeconds));
        if (found === serving) return resolve({ outcome: 'success' });
        resolve(failure(`service unhealthy (responded with "${servingStatuses[found ?? 0] ?? String(found)}")`));
      });
    });
  } finally {
    client.close();
  }
}
