/** A whole cluster as a user has it: the command line in its own process, a data directory, stock kubectl. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubectlFor, type Kubectl, type Result } from './kubectl.ts';

const root = join(import.meta.dirname, '../..');

export interface ClusterOptions {
  readonly nodes: number;
  readonly runtime: 'containerd' | 'simulated';
  /** The control plane as functions around a table. Default: one process. */
  readonly cloud?: 'local' | undefined;
  readonly images?: readonly string[];
  /** Further words of the command line. */
  readonly flags?: readonly string[];
  /** The longest time of a start. */
  readonly startMsMax?: number;
}

export interface TestCluster {
  readonly directory: string;
  readonly kubectl: Kubectl;
  /** Runs the command line on this cluster's data directory; throws with its output when it fails. */
  hibernetes(...args: string[]): Promise<string>;
  /** Starts it again as it was first started. */
  up(): Promise<string>;
  /** `kill -9` of the control plane, which nothing can clean up after. */
  killControlPlane(): void;
  /** Ends everything and removes every trace. */
  remove(): Promise<void>;
}

export function runCommandLine(args: readonly string[], timeoutMs = 600_000): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'infra/cli/main.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

async function succeed(args: readonly string[], timeoutMs?: number): Promise<string> {
  const { code, stdout, stderr } = await runCommandLine(args, timeoutMs);
  if (code !== 0) throw new Error(`hibernetes ${args.join(' ')} exited ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** The end of each log that the cluster wrote: what one wants to read when a test fails. */
function logTails(directory: string): string {
  const tail = (file: string): string => {
    try {
      return `--- ${file}\n${readFileSync(join(directory, file), 'utf8').split('\n').slice(-40).join('\n')}\n`;
    } catch (error) {
      return `--- ${file}: ${error instanceof Error ? error.message : String(error)}\n`;
    }
  };
  return ['control-plane.log', 'nodes/node-1/agent.log', 'nodes/node-2/agent.log'].map(tail).join('');
}

export async function startCluster({ nodes, runtime, cloud, images = [], flags = [], startMsMax }: ClusterOptions): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-'));
  const dataDir = ['--data-dir', directory];
  const where = cloud === undefined ? [] : ['--cloud', cloud];
  const shape = ['--nodes', String(nodes), '--runtime', runtime, '--listen', '127.0.0.1:0', '--detach', ...where, ...flags];
  const archives = images.length === 0 ? [] : ['--images', ...images];
  const up = (): Promise<string> => succeed(['up', ...dataDir, ...shape, ...archives], startMsMax);
  const remove = async (): Promise<void> => {
    if (process.env['HIBERNETES_TEST_LOGS'] !== undefined) process.stderr.write(logTails(directory));
    await succeed(['down', ...dataDir, '--delete-data']);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await up();
  } catch (error) {
    process.stderr.write(logTails(directory));
    await remove();
    throw error;
  }
  return {
    directory,
    kubectl: kubectlFor(join(directory, 'kubeconfig'), join(directory, 'kubectl-cache')),
    hibernetes: (command, ...args) => succeed([command ?? '', ...args, ...dataDir]),
    up,
    killControlPlane: () => process.kill(JSON.parse(readFileSync(join(directory, 'control-plane.json'), 'utf8')).pid, 'SIGKILL'),
    remove,
  };
}
