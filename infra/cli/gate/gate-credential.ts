/**
 * `hibernetes gate credential`: what kubectl runs before its requests. Starts the gate if none answers, and prints a credential that
 * the gate outlives. Source: client-go, pkg/apis/clientauthentication/v1/types.go (ExecCredential).
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { realWorld } from '../../../functions/world.ts';
import { CliError } from '../cli-error.ts';
import { execCredentialText } from '../exec-credential.ts';
import { ownProgram } from '../own-program.ts';
import { credentialPath, gateHost, type GateHome, gateLog, readGateHome, runningGate } from './gate-home.ts';

interface GivenCredential {
  readonly token: string;
  readonly expirationTimestamp: string;
}

class GateMissing extends Error {
  override name = 'GateMissing';
}

const startMsMax = 20_000;
const askMsMax = 5_000;
const pauseMs = 50;

/** Throws when no gate of this directory answers: nothing listens, something else does, or a gate that has just ended. */
async function ask({ directory, port, authority }: GateHome): Promise<GivenCredential> {
  const running = runningGate(directory);
  if (running === undefined) throw new GateMissing('it has not run yet');
  return new Promise((resolve, reject) => {
    const missing = (why: string): void => reject(new GateMissing(why));
    const call = request({
      host: gateHost,
      port,
      method: 'POST',
      path: credentialPath,
      ca: authority.certificatePem,
      headers: { authorization: `Bearer ${running.secret}`, 'content-length': 0 },
      timeout: askMsMax,
      agent: false,
    });
    call.once('response', (answer) => {
      text(answer).then(
        (body) =>
          answer.statusCode === 200 ? resolve(JSON.parse(body) as GivenCredential) : missing(`its answer is ${answer.statusCode}`),
        (error: unknown) => missing(String(error)),
      );
    });
    call.once('timeout', () => call.destroy());
    call.once('error', (error) => missing(error.message));
    call.end();
  });
}

function start({ directory }: GateHome): void {
  const log = openSync(gateLog(directory), 'a', 0o600);
  spawn(process.execPath, [ownProgram, 'gate', 'serve', '--home', directory], { detached: true, stdio: ['ignore', log, log] }).unref();
}

async function credentialOf(home: GateHome): Promise<GivenCredential> {
  const { clock } = realWorld('error');
  const untilMs = clock.monotonicMs() + startMsMax;
  let why = '';
  for (let isStarted = false; clock.monotonicMs() < untilMs; isStarted = true) {
    try {
      return await ask(home);
    } catch (error) {
      if (!(error instanceof GateMissing)) throw error;
      why = error.message;
    }
    if (!isStarted) start(home);
    await clock.sleep(pauseMs);
  }
  throw new CliError(
    `No gate answers on ${gateHost}:${home.port} (${why}); ${gateLog(home.directory)} holds what it wrote.`,
    'If another program uses that port, hibernetes gate kubeconfig --port chooses another.',
  );
}

export async function printGateCredential({ home: directory }: { readonly home: string }, info: string | undefined): Promise<void> {
  const status = await credentialOf(readGateHome(directory));
  process.stdout.write(execCredentialText(status, info));
}
