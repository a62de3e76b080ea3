/**
 * Upstream's programs: the suite, the kubectl that it calls, and what its images contain. They come from the cache or
 * from beside a given suite. What is missing is built from the Go modules of the release that we serve, where Go is
 * installed. Kubernetes' libraries carry the same numbers under v0.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { kubernetesVersion } from '../../functions/kube/kubernetes-version.ts';

const packages = {
  'e2e.test': 'k8s.io/kubernetes/test/e2e',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  agnhost: 'k8s.io/kubernetes/test/images/agnhost',
  nnp: 'k8s.io/kubernetes/test/images/nonewprivs',
  regression: 'k8s.io/kubernetes/test/images/regression-issue-74839',
  consumer: 'k8s.io/kubernetes/test/images/resource-consumer',
  'consume-cpu': 'k8s.io/kubernetes/test/images/resource-consumer/consume-cpu',
  'sample-apiserver': 'k8s.io/sample-apiserver',
  pause: './pause',
} as const;

type ProgramName = keyof typeof packages;

/** What the images need besides Debian's packages. */
export const imagePrograms = ['agnhost', 'nnp', 'regression', 'consumer', 'consume-cpu', 'sample-apiserver', 'pause'] as const;
export type ImageProgram = (typeof imagePrograms)[number];

export interface Programs {
  /** The suite's e2e.test. */
  readonly suite: string;
  readonly kubectl: string;
  /** Undefined: there is none, and no Go to build it with. */
  imageProgram(name: ImageProgram): string | undefined;
}

export interface ProgramsOptions {
  /** Holds `bin`, and `module`, in which Go builds. */
  readonly cache: string;
  readonly suite?: string;
  readonly withImages: boolean;
  readonly note: (text: string) => void;
  /** Aborts when a build is to end. */
  readonly signal: AbortSignal;
}

export async function findPrograms(options: ProgramsOptions): Promise<Programs> {
  const { cache, suite, withImages } = options;
  const directories = [...(suite === undefined ? [] : [dirname(resolve(suite))]), join(cache, 'bin')];
  const find = (name: ProgramName): string | undefined => {
    if (name === 'e2e.test' && suite !== undefined) return resolve(suite);
    return directories.map((directory) => join(directory, name)).find((file) => existsSync(file));
  };
  const wanted: readonly ProgramName[] = ['e2e.test', 'kubectl', ...(withImages ? imagePrograms : [])];
  const missing = wanted.filter((name) => find(name) === undefined);
  if (missing.length > 0 && (await hasGo())) await buildPrograms(missing, options);
  const program = find('e2e.test');
  if (program === undefined || !existsSync(program))
    throw new Error(`there is no suite at ${program ?? join(cache, 'bin/e2e.test')}; install Go, or name one with --suite`);
  const kubectl = find('kubectl') ?? (await runCommand(['sh', '-c', 'command -v kubectl || true'])).trim();
  if (kubectl === '') throw new Error('the suite needs a kubectl; install one, or Go to build it with');
  return { suite: program, kubectl, imageProgram: find };
}

const hasGo = (): Promise<boolean> =>
  runCommand(['go', 'version']).then(
    () => true,
    () => false,
  );

async function buildPrograms(names: readonly ProgramName[], { cache, note, signal }: ProgramsOptions): Promise<void> {
  const module = join(cache, 'module');
  mkdirSync(join(cache, 'bin'), { recursive: true });
  await writeModule(module);
  for (const name of names) {
    note(`Building ${name} of Kubernetes ${kubernetesVersion}${name === 'e2e.test' ? ' (minutes, the first time)' : ''}`);
    const target = join(cache, 'bin', name);
    const verb = name === 'e2e.test' ? ['test', '-c', '-vet=off'] : ['build'];
    await go(module, [...verb, '-ldflags', linkerFlags, '-o', `${target}.partial`, packages[name]], signal);
    // Renamed when it is whole, so that an interrupted build leaves no program that seems finished.
    renameSync(`${target}.partial`, target);
  }
}

const linkerFlags = [
  '-s -w',
  ...Object.entries({
    gitVersion: `v${kubernetesVersion}`,
    gitMajor: kubernetesVersion.split('.')[0],
    gitMinor: kubernetesVersion.split('.')[1],
  }).flatMap(([name, value]) => ['k8s.io/component-base', 'k8s.io/client-go/pkg'].map((where) => `-X ${where}/version.${name}=${value}`)),
].join(' ');

/** Static: the images' programs run on other libraries than this machine's. The suite and Go's own output go to stderr. */
function go(module: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
  return new Promise((settle, fail) => {
    const child = spawn('go', args, { cwd: module, env, stdio: ['ignore', 2, 2], signal });
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? settle() : fail(new Error(`go ${args[0]} of ${args.at(-1)} ended with ${code}`))));
  });
}

/**
 * A module that requires Kubernetes. Its own replacements of its libraries point into a tree that the module does not
 * carry; they are replaced by the libraries' published versions.
 */
async function writeModule(module: string): Promise<void> {
  mkdirSync(join(module, 'pause'), { recursive: true });
  writeFileSync(join(module, 'pause/main.go'), pauseSource);
  if (existsSync(join(module, 'go.mod'))) return;
  const answer = JSON.parse(
    await runCommand(['go', 'mod', 'download', '-json', `k8s.io/kubernetes@v${kubernetesVersion}`], { timeoutMs: 600_000 }),
  );
  const upstream = readFileSync(join(answer.Dir, 'go.mod'), 'utf8');
  const libraries = [...upstream.matchAll(/^\s+(\S+) => \.\/staging\//gm)].map(([, name = '']) => name);
  const replacements = libraries.map((name) => `\t${name} => ${name} v0${kubernetesVersion.slice(1)}`);
  const settings = [...upstream.matchAll(/^(?:go|godebug) .*$/gm)].map(([line]) => line);
  const text = [
    'module conformance',
    ...settings,
    `require k8s.io/kubernetes v${kubernetesVersion}`,
    `replace (\n${replacements.join('\n')}\n)`,
  ].join('\n\n');
  writeFileSync(join(module, 'go.mod'), `${text}\n`);
}

/** Ends when asked to, and reaps what a shared process namespace leaves to it. */
const pauseSource = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
`;
