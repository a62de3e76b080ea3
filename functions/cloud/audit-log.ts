/**
 * The audit log of functions: a group of its own in CloudWatch Logs, with a stream for each process and cluster. Lines
 * gather while those before them are under way. A request is answered when its lines are stored, or when they are lost:
 * the log loses lines, and counts them, rather than stopping the API.
 * Source: CloudWatch Logs API reference, PutLogEvents.
 */
import type { AuditSink } from '../apiserver/audit/audit.ts';
import { type AwsAccess, jsonService, ServiceError } from '../aws/json-service.ts';
import type { World } from '../world.ts';

export interface AuditLog extends AuditSink {
  /** Resolves when the lines so far are stored or lost; at once while the service fails. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLogOptions {
  /** Name of the log group. */
  readonly group: string;
  /** What the names of its streams begin with: the cluster's name. */
  readonly prefix: string;
  readonly world: World;
  readonly access?: AwsAccess;
}

/** What the service adds to the length of each event, and takes in one request. */
export const eventOverhead = 26;
export const batchLimits = { bytes: 1_048_576, events: 10_000 } as const;
/** The largest event. */
export const eventBytesMax = 262_144 - eventOverhead;
/** Bytes that may wait for a service that does not keep up; what comes then is lost. */
export const waitingBytesMax = 16 << 20;

const attemptsMax = 3;
const firstPauseMs = 100;
const answerMsMax = 2_000;
const serviceTrouble = 500;
const passing: ReadonlySet<string> = new Set(['ThrottlingException', 'ServiceUnavailableException', 'ResourceNotFoundException']);

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
  readonly bytes: number;
}

export function createAuditLog({ group, prefix, world, access = {} }: AuditLogOptions): AuditLog {
  const { clock, random, log } = world;
  const service = jsonService({ ...access, service: 'logs', target: 'Logs_20140328', version: '1.1', clock, answerMsMax });
  let stream: string | undefined;
  let waiting: LogEvent[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let isFailing = false;
  let sending: Promise<void> | undefined;

  async function openStream(): Promise<string> {
    const name = `${prefix}/${random.uuid()}`;
    await service.call('CreateLogStream', { logGroupName: group, logStreamName: name });
    return name;
  }

  async function put(events: readonly LogEvent[], attempt = 1): Promise<void> {
    try {
      stream ??= await openStream();
      const logEvents = events.map(({ timestamp, message }) => ({ timestamp, message }));
      await service.call('PutLogEvents', { logGroupName: group, logStreamName: stream, logEvents });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // A stream that is gone is made anew.
      if (error.name === 'ResourceNotFoundException') stream = undefined;
      if (!mayPass(error) || attempt === attemptsMax) throw error;
      await clock.sleep(firstPauseMs * 2 ** (attempt - 1));
      await put(events, attempt + 1);
    }
  }

  function lose(count: number, keys: Readonly<Record<string, unknown>> = {}): void {
    lost += count;
    log.error('audit events are lost', { group, lost, ...keys });
  }

  async function sendAll(): Promise<void> {
    // A turn later: what is reported in the same turn is sent together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchLength(waiting));
      waiting = waiting.slice(batch.length);
      waitingBytes -= bytesOf(batch);
      try {
        await put(batch);
        isFailing = false;
      } catch (error) {
        isFailing = true;
        lose(batch.length, { error });
      }
    }
    sending = undefined;
  }

  return {
    write(line) {
      const message = boundedLine(line);
      if (message === undefined) return lose(1, { reason: 'too large' });
      const bytes = Buffer.byteLength(message) + eventOverhead;
      if (waitingBytes + bytes > waitingBytesMax) return lose(1, { reason: 'too many wait' });
      // The service wants them in their order, whatever the wall clock does.
      const timestamp = Math.max(clock.now(), waiting.at(-1)?.timestamp ?? 0);
      waiting.push({ timestamp, message, bytes });
      waitingBytes += bytes;
      sending ??= sendAll();
    },
    settled: async () => (isFailing ? undefined : sending),
    async close() {
      await sending;
      service.close();
    },
  };
}

const bytesOf = (events: readonly LogEvent[]): number => events.reduce((sum, { bytes }) => sum + bytes, 0);

function batchLength(events: readonly LogEvent[]): number {
  let bytes = 0;
  for (const [index, event] of events.entries()) {
    bytes += event.bytes;
    if (index === batchLimits.events || bytes > batchLimits.bytes) return index;
  }
  return events.length;
}

function mayPass(error: Error): boolean {
  return !(error instanceof ServiceError) || error.status >= serviceTrouble || passing.has(error.name);
}

/**
 * Without its objects where it is too large with them; undefined where it still is.
 * Source: apiserver, plugin/pkg/audit/truncate/truncate.go.
 */
function boundedLine(line: string): string | undefined {
  if (Buffer.byteLength(line) <= eventBytesMax) return line;
  const { requestObject: _request, responseObject: _response, annotations, ...event } = JSON.parse(line) as Record<string, unknown>;
  const noted = { ...(annotations as object | undefined), 'audit.k8s.io/truncated': 'true' };
  const bounded = JSON.stringify({ ...event, annotations: noted });
  return Buffer.byteLength(bounded) <= eventBytesMax ? bounded : undefined;
}
