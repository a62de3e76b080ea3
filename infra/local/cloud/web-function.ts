/**
 * The API as a Web Function. An environment serves up to 64 requests at a time. Another one starts when all are full,
 * and all end soon after the last request. What a Web Function strips from requests is stripped here too; `Upgrade` is, so nothing is
 * ever upgraded. Source: AWS Lambda developer guide, Web Functions.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { Agent } from 'node:http';
import { once } from 'node:events';
import { hostLimitNames } from '../../../functions/lambda/host-limits.ts';
import type { World } from '../../../functions/world.ts';
import { untilListening } from './listening-port.ts';
import type { Faults } from './faults.ts';

export interface WebFunctionOptions {
  readonly module: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly faults: Faults;
  readonly world: World;
  readonly started: (child: ChildProcess) => void;
}

interface WebEnvironment {
  readonly process: ChildProcess;
  readonly agent: Agent;
  readonly bornMs: number;
  /** Resolves with its port when it listens. */
  readonly port: Promise<number>;
  inFlight: number;
  isDraining: boolean;
}

/** Source: the default of a Web Function. */
const requestsMaxDefault = 64;
const environmentsMax = 8;
/** Source: the largest time-out of a Web Function. At its end the client has the answer so far. */
const requestSecondsMaxDefault = 900;
const initMsMax = 60_000;
/** After being asked to end, an environment has this long for what is in flight. */
const drainMs = 2_000;
/** Source: Lambda's payload limit. */
const bodyBytesMax = 6 << 20;

const stripped = new Set(['connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer', 'x-http-method-override', 'proxy-connection']);

export class WebFunction {
  readonly counts = { invocations: 0, coldStarts: 0 };
  readonly #options: WebFunctionOptions;
  readonly #environments = new Set<WebEnvironment>();
  readonly #requestsMax: number;
  #isStopped = false;

  constructor(options: WebFunctionOptions) {
    this.#options = options;
    this.#requestsMax = options.faults.requestsMax ?? requestsMaxDefault;
  }

  /** Carries one request to an environment and its answer back, byte by byte. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    this.#carry(request, response).catch((error: unknown) => {
      this.#options.world.log.warn('a request could not be carried', { error });
      refuse(response, 502, 'Bad Gateway');
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#environments].map((environment) => end(environment)));
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) {
      request.resume();
      return refuse(response, 413, 'Request Too Large');
    }
    const environment = this.#environment();
    if (environment === undefined) return refuse(response, 429, 'Too Many Requests');
    this.counts.invocations += 1;
    environment.inFlight += 1;
    const { requestSecondsMax = requestSecondsMaxDefault } = this.#options.faults;
    const cancel = this.#options.world.clock.after(requestSecondsMax * 1000, () => response.destroy());
    try {
      await pass(request, response, { agent: environment.agent, port: await environment.port });
    } finally {
      cancel();
      environment.inFlight -= 1;
      if (environment.isDraining && environment.inFlight === 0) void end(environment);
    }
  }

  /** The fullest that has room, so that the others can go. */
  #environment(): WebEnvironment | undefined {
    this.#retireOld();
    const fullest = this.#withRoom();
    if (fullest !== undefined) return fullest;
    return this.#isStopped || this.#environments.size >= environmentsMax ? undefined : this.#create();
  }

  #withRoom(): WebEnvironment | undefined {
    const open = [...this.#environments].filter(({ inFlight, isDraining }) => !isDraining && inFlight < this.#requestsMax);
    return open.toSorted((a, b) => b.inFlight - a.inFlight)[0];
  }

  #create(): WebEnvironment {
    const { module, variables, faults, world, started } = this.#options;
    this.counts.coldStarts += 1;
    const child = spawn(process.execPath, [module], {
      env: { ...variables, ...limitVariables(faults), AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    started(child);
    const environment: WebEnvironment = {
      process: child,
      agent: new Agent({ keepAlive: true }),
      bornMs: world.clock.monotonicMs(),
      port: untilListening(child, initMsMax, world.clock),
      inFlight: 0,
      isDraining: false,
    };
    child.on('exit', () => this.#environments.delete(environment));
    this.#environments.add(environment);
    return environment;
  }

  #retireOld(): void {
    const { faults, world } = this.#options;
    if (faults.coldEveryMs === undefined) return;
    for (const environment of this.#environments) {
      const isOld = world.clock.monotonicMs() - environment.bornMs >= faults.coldEveryMs;
      if (!isOld || environment.isDraining) continue;
      environment.isDraining = true;
      world.clock.after(drainMs, () => void end(environment));
    }
  }
}

function limitVariables({ requestSecondsMax, answerBytesMax }: Faults): Readonly<Record<string, string>> {
  return {
    ...(requestSecondsMax === undefined ? {} : { [hostLimitNames.requestSecondsMax]: String(requestSecondsMax) }),
    ...(answerBytesMax === undefined ? {} : { [hostLimitNames.answerBytesMax]: String(answerBytesMax) }),
  };
}

async function end({ process: child, agent }: WebEnvironment): Promise<void> {
  agent.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

function passedHeaders(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !stripped.has(name)));
}

function refuse(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ Message: message }));
}

/** What was answered before it was all read: its connection could not be used again, and a client that still writes would not read. */
function readToEnd(request: IncomingMessage, call: ClientRequest): void {
  request.unpipe(call);
  request.resume();
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { port, agent }: { readonly port: number; readonly agent: Agent },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { method = 'GET', url = '/' } = request;
  const call = httpRequest({ host: '127.0.0.1', port, agent, method, path: url, headers: passedHeaders(request.headers) });
  response.once('close', () => {
    call.destroy();
    resolve();
  });
  call.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 500, passedHeaders(answer.headers));
    response.flushHeaders();
    answer.pipe(response);
    answer.once('error', () => response.destroy());
  });
  call.on('error', () => refuse(response, 502, 'Bad Gateway'));
  request.pipe(call);
  response.once('finish', () => readToEnd(request, call));
  return promise;
}
