/**
 * Secrets Manager and CloudWatch Logs, as far as the functions ask them: one secret, kept in a file for its owner's eyes,
 * and one log group, which is a file as well. A request without the path that the endpoint names is refused.
 * Source: the services' API references, GetSecretValue, PutSecretValue, CreateLogStream, PutLogEvents.
 */
import type { IncomingMessage } from 'node:http';
import type { AuditSink } from '../../../functions/apiserver/audit/audit.ts';
import type { Random } from '../../../functions/world.ts';
import { type GuardedServer, startGuardedServer } from './guarded-server.ts';

export interface SecretFile {
  read(): string;
  write(text: string): void;
}

export const envelopeSecretName = 'envelope-key';
export const auditGroupName = 'audit';

/** Source: PutLogEvents' limit of a request, with room for what JSON adds. */
const bodyBytesMax = 8 << 20;

interface Refusal {
  readonly status: number;
  readonly type: string;
}

const notFound: Refusal = { status: 400, type: 'ResourceNotFoundException' };
const tooLarge: Refusal = { status: 413, type: 'RequestEntityTooLarge' };

type Input = Readonly<Record<string, unknown>>;
type Answer = object | Refusal;

const isRefusal = (answer: Answer): answer is Refusal => 'type' in answer && 'status' in answer;

/** The operations of the service, by name. */
const operations = (secret: SecretFile, log: AuditSink | undefined): Readonly<Record<string, (input: Input) => Answer>> => ({
  'secretsmanager.GetSecretValue': ({ SecretId }) => (SecretId === envelopeSecretName ? { SecretString: secret.read() } : notFound),
  'secretsmanager.PutSecretValue': ({ SecretId, SecretString }) => {
    if (SecretId !== envelopeSecretName || typeof SecretString !== 'string') return notFound;
    secret.write(SecretString);
    return {};
  },
  'Logs_20140328.CreateLogStream': () => (log === undefined ? notFound : {}),
  'Logs_20140328.PutLogEvents': ({ logEvents }) => {
    if (log === undefined) return notFound;
    for (const { message } of logEvents as readonly { readonly message: string }[]) log.write(message);
    return {};
  },
});

async function bodyOf(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export async function startSmallServices(secret: SecretFile, log: AuditSink | undefined, random: Random): Promise<GuardedServer> {
  const known = operations(secret, log);

  async function answerTo(incoming: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(incoming);
    const operation = known[String(incoming.headers['x-amz-target'])];
    if (body === undefined) return tooLarge;
    return operation === undefined ? { status: 400, type: 'UnknownOperationException' } : operation(JSON.parse(body) as Input);
  }

  return startGuardedServer(random, (incoming, outgoing) => {
    answerTo(incoming)
      .catch((): Refusal => ({ status: 400, type: 'SerializationException' }))
      .then((answer) => {
        const text = JSON.stringify(isRefusal(answer) ? { __type: answer.type, message: answer.type } : answer);
        outgoing.writeHead(isRefusal(answer) ? answer.status : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(text);
      })
      .catch(() => outgoing.destroy());
  });
}
