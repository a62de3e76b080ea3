/**
 * `hibernetes doctor`: what is wrong on this machine, in sentences with their cures. On a node it examines the node, with
 * --stack an AWS account, and else the machine for a cluster of its own.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { containerdSocketDefault, parseAgentConfig, portOf } from '../../../agent/config.ts';
import { createHttpClient } from '../../../functions/client/http-client.ts';
import { type ClusterAccess, createHttpsFetch } from '../../../functions/client/https-fetch.ts';
import type { Node } from '../../../functions/kube/generated/types.ts';
import { nodes } from '../../../functions/kube/resource-type.ts';
import { clusterRecord } from '../../local/cluster-record.ts';
import { dataDirectory } from '../../local/data-directory.ts';
import { runningProcess } from '../../local/process-record.ts';
import { clusterAccess } from '../api-client.ts';
import { print, type OutputChoice } from '../output.ts';
import { clusterFindings, type ClusterFacts } from './cluster-findings.ts';
import { type Finding, findingLines, isWell } from './finding.ts';
import { machineFacts } from './machine-facts.ts';
import { laptopFindings, nodeFindings } from './machine-findings.ts';

export interface DoctorOptions extends OutputChoice {
  readonly dataDir: string;
  readonly configDir: string;
  readonly stack?: string;
  readonly region?: string;
}

const apiPortDefault = 6443;
const askMsMax = 10_000;

async function factsOfCluster(access: ClusterAccess): Promise<ClusterFacts> {
  const https = createHttpsFetch(access);
  const fetch = (request: Request): Promise<Response> => https(new Request(request, { signal: AbortSignal.timeout(askMsMax) }));
  const { server } = access;
  try {
    const response = await fetch(new Request(`${server}/version`));
    const { gitVersion } = (await response.json()) as { readonly gitVersion?: string };
    const date = response.headers.get('date');
    const ownMs = Date.now();
    const client = createHttpClient({ fetch, baseUrl: server, userAgent: 'hibernetes' });
    const all = await client.list<Node>(nodes).catch(() => undefined);
    return {
      server,
      ownMs,
      serverMs: date === null ? ownMs : Date.parse(date),
      ...(gitVersion === undefined ? {} : { version: gitVersion }),
      ...(all === undefined ? {} : { nodes: all.items }),
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { server, failure: error.message };
  } finally {
    https.close();
  }
}

async function examineNode(configFile: string): Promise<readonly Finding[]> {
  const config = parseAgentConfig(readFileSync(configFile, 'utf8'));
  const { server, caFile, tokenFile } = config;
  const facts = await machineFacts({
    containerdSocket: config.containerdSocket ?? containerdSocketDefault,
    dataPath: config.rootDirectory,
    ports: portOf(config) === 0 ? [] : [portOf(config)],
  });
  const access = {
    server,
    token: readFileSync(tokenFile, 'utf8').trim(),
    ...(caFile === undefined ? {} : { caPem: readFileSync(caFile, 'utf8') }),
  };
  return [...nodeFindings(facts, true), ...clusterFindings(await factsOfCluster(access))];
}

async function examineLaptop(dataDir: string): Promise<readonly Finding[]> {
  const directory = dataDirectory(resolve(dataDir));
  const record = clusterRecord(directory);
  const isRunning = runningProcess(directory.controlPlaneRecord) !== undefined;
  const facts = await machineFacts({
    containerdSocket: containerdSocketDefault,
    dataPath: directory.root,
    ports: [record?.port ?? apiPortDefault],
  });
  const cluster = isRunning ? clusterFindings(await factsOfCluster(clusterAccess({ dataDir }))) : [];
  return [...laptopFindings(facts, isRunning), ...cluster];
}

/** Everything that it finds, for the command and for support bundles. */
export async function examine({ dataDir, configDir, stack, region }: Omit<DoctorOptions, 'output'>): Promise<readonly Finding[]> {
  if (stack !== undefined) {
    const { accountFindings } = await import('./account-findings.ts');
    return accountFindings({ stack, ...(region === undefined ? {} : { region }) });
  }
  const configFile = join(configDir, 'agent.json');
  return existsSync(configFile) ? examineNode(configFile) : examineLaptop(dataDir);
}

export async function doctor(options: DoctorOptions): Promise<void> {
  const findings = await examine(options);
  print(options, findings, findingLines);
  if (!isWell(findings)) process.exitCode = 1;
}
