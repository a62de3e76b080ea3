/** The command line. Each command is a file; this one knows their flags. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import { podNetworkNames } from '../../functions/kube/pod-network.ts';
import { environment } from '../../functions/world.ts';
import type { ClusterChoice } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { CloudCredentialChoice } from './cloud-credential.ts';
import { lazily } from './lazily.ts';
import type { OutputChoice } from './output.ts';
import { addNodeCommands } from './node-commands.ts';
import { addPastCommands } from './past/past-commands.ts';
import type { RestorePastOptions } from './past/restored-cluster.ts';
import { dataDirOption, kubeconfigOption, letPrintJson, yesOption } from './options.ts';
import type { RestoreOptions } from './restore.ts';
import { runProgram } from './run-program.ts';
import { stackDefault } from './stack-default.ts';
import type { StackChoice } from './cloud-stack.ts';

const nodesMax = 1000;

function nodeCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > nodesMax)
    throw new InvalidArgumentError(`a whole number from 0 to ${nodesMax} is wanted`);
  return count;
}

const sizeMax = 1_000_000;

function sizeCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > sizeMax)
    throw new InvalidArgumentError(`a whole number from 0 to ${sizeMax} is wanted`);
  return count;
}

const nameList = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function listenAddress(text: string): { host: string; port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) throw new InvalidArgumentError('HOST:PORT is wanted, such as 127.0.0.1:6443');
  return { host: match[1]?.replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port from 1 to 65535 is wanted');
  return port;
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function durationSeconds(text: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  const seconds = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitSeconds[unit] ?? 0), 0);
  if (seconds === 0 || parts.map(([part]) => part).join('') !== text)
    throw new InvalidArgumentError('a time such as 30m, 24h or 7d is wanted');
  return seconds;
}

const stackOption = (): Option => new Option('--stack <name>', 'name of the stack').default(stackDefault);

const regionOption = (): Option => new Option('--region <region>', 'Region of AWS (default: from AWS_REGION or the profile)');

const program = new Command('hibernetes')
  .description('Kubernetes without servers to run: a control plane that is only functions and a table')
  .showHelpAfterError('(see --help)');

program
  .command('up')
  .description('start a cluster on this machine, or resume the one in the data directory')
  .addOption(dataDirOption())
  .option('--listen <host:port>', 'where the API answers; port 0 takes a free one (default: as before, or 127.0.0.1:6443)', listenAddress)
  .option('--nodes <count>', 'how many nodes (default: as before, or 1)', nodeCount)
  .addOption(new Option('--runtime <runtime>', 'what runs the pods').choices(['auto', 'containerd', 'simulated']).default('auto'))
  .addOption(
    new Option('--cloud <where>', 'run the control plane as functions around a table, as on AWS; local: emulated on this machine').choices([
      'local',
    ]),
  )
  .option('--kubeconfig <file>', 'write the kubeconfig here as well')
  .option('--enable-admission-plugins <names>', 'admission plug-ins to run besides the default ones, separated by commas', nameList)
  .option('--disable-admission-plugins <names>', 'default admission plug-ins not to run, separated by commas', nameList)
  .option('--admission-control-config-file <file>', 'an AdmissionConfiguration: how the plug-ins are configured')
  .option('--authentication-config <file>', 'an AuthenticationConfiguration: whose tokens are believed, and who may come without any')
  .option(
    '--authentication-token-webhook-config-file <file>',
    'kubeconfig of the webhook that authenticates bearer tokens; none: no webhook any more',
  )
  .option('--authentication-token-webhook-version <version>', 'version of the TokenReview that is sent: v1 or v1beta1 (default: v1beta1)')
  .option('--authentication-token-webhook-cache-ttl <duration>', 'how long its answers are kept (default: 2m)')
  .option('--authorization-config <file>', 'an AuthorizationConfiguration: who decides whether callers may, webhooks among them')
  .option('--scheduler-config <file>', 'a KubeSchedulerConfiguration: how pods are placed')
  .option('--without <components>', 'kube-controller-manager, kube-scheduler: upstream’s run instead of ours; none: ours again', nameList)
  .option('--audit-policy-file <file>', 'an audit Policy: which requests are recorded, and how much of each')
  .option('--audit-log-path <file>', 'where they are recorded (default: audit.log in the data directory)')
  .option('--audit-log-maxsize <megabytes>', 'how large that file grows before it is moved aside (default: 100)', sizeCount)
  .option('--audit-log-maxage <days>', 'how long files that were moved aside are kept; 0: for ever (default: 366)', sizeCount)
  .option('--audit-log-maxbackup <count>', 'how many of them are kept; 0: all (default: 100)', sizeCount)
  .option('--pod-cidr <range>', `addresses of pods (default: ${defaultNetworks.podCidr})`)
  .option('--service-cidr <range>', `addresses of Services (default: ${defaultNetworks.serviceCidr})`)
  .option('--node-port-range <ports>', `ports of Services on the nodes (default: ${defaultNetworks.nodePortRange})`)
  .option('--dns-ip <address>', `where pods find the name server (default: ${defaultNetworks.dnsIp})`)
  .option('--cluster-domain <name>', `what names of Services end with (default: ${defaultNetworks.clusterDomain})`)
  .option(
    '--pod-network <how>',
    `how pods are connected: ${podNetworkNames.join(', ')}, or a file with a CNI configuration (default: ${defaultNetworks.podNetwork})`,
  )
  .addOption(new Option('--dashboard <whether>', 'serve the dashboard at /ui (default: as before, or true)').choices(['true', 'false']))
  .option('--images <tar...>', 'image archives to import into every node (default: small sample images, made of Debian’s packages)')
  .option('--detach', 'return when the API answers and all nodes are Ready')
  .action(lazily(async () => (await import('./up.ts')).up));

program
  .command('down')
  .description('stop the cluster; its data stays for the next up')
  .addOption(dataDirOption())
  .option('--delete-data', 'forget the cluster altogether')
  .action(lazily(async () => (await import('./down.ts')).down));

program
  .command('status')
  .description('what runs, where, and how it is: API, nodes, pods; exits with 1 when something is not well')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .addOption(new Option('--stack <name>', 'a stack on AWS, with its functions, queues and clusters').conflicts('kubeconfig'))
  .addOption(regionOption())
  .action(async (options: ClusterChoice & OutputChoice & Partial<StackChoice>) => {
    const { stack } = options;
    if (stack === undefined) return (await import('./status.ts')).status(options);
    return (await import('./cloud-status.ts')).cloudStatus({ ...options, stack });
  });

program
  .command('cost')
  .description('what the cluster’s counted operations would have cost on AWS; with --simulate, what any would')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .option('--simulate', 'measure functions, table and queues in this process, and reckon a month of them')
  .addOption(new Option('--nodes <count>', 'simulate: a month with so many nodes').argParser(sizeCount).implies({ simulate: true }))
  .addOption(
    new Option('--pods <count>', 'simulate: and so many pods, each replaced once a day').argParser(sizeCount).implies({ simulate: true }),
  )
  .action(lazily(async () => (await import('./cost.ts')).cost));

program
  .command('openapi')
  .description('print the whole API of a cluster as one OpenAPI document, custom kinds included')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .addOption(new Option('--format <format>', 'version of OpenAPI').choices(['v2', 'v3']).default('v3'))
  .action(lazily(async () => (await import('./openapi.ts')).openApi));

program
  .command('kubeconfig')
  .description('print the administrator’s kubeconfig')
  .addOption(dataDirOption())
  .option('--stack <name>', 'of a cluster on AWS: it holds no secret, and kubectl signs in by this program')
  .option('--cluster <name>', 'which of several clusters (default: the one at the root)')
  .addOption(regionOption())
  .action(async (options: { dataDir: string; cluster?: string } & Partial<StackChoice>) => {
    if (options.stack === undefined && options.cluster === undefined) return (await import('./kubeconfig.ts')).printKubeconfig(options);
    return (await import('./cluster.ts')).printKubeconfigOf(options);
  });

program
  .command('dashboard')
  .description('open a browser that shows the cluster, signed in as the user of the kubeconfig; stays until Ctrl-C')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .option('--port <port>', 'where it answers on 127.0.0.1 (default: a free one)', portNumber)
  .option('--no-browser', 'only print the address')
  .action(lazily(async () => (await import('./dashboard/dashboard.ts')).dashboard));

const gate = program.command('gate').description('exec, cp and port-forward on functions: a gate on this machine that kubectl speaks to');
const gateHome = (): Option => new Option('--home <directory>', 'where the gate keeps its port and authority');

gate
  .command('kubeconfig')
  .description('print a kubeconfig that names the gate; kubectl starts the gate when it needs it')
  .addOption(kubeconfigOption().makeOptionMandatory())
  .addOption(gateHome())
  .option('--port <port>', 'where the gate listens on 127.0.0.1 (default: as before, or a free one)', portNumber)
  .action(lazily(async () => (await import('./gate/gate-kubeconfig.ts')).printGateKubeconfig));

gate
  .command('credential', { hidden: true })
  .addOption(gateHome().makeOptionMandatory())
  .action(async (options: { home: string }) =>
    (await import('./gate/gate-credential.ts')).printGateCredential(options, environment('KUBERNETES_EXEC_INFO')),
  );

gate
  .command('serve', { hidden: true })
  .addOption(gateHome().makeOptionMandatory())
  .action(lazily(async () => (await import('./gate/gate-serve.ts')).serveGate));

program
  .command('deploy')
  .description('make or change clusters in an AWS account: a stack of functions around a table')
  .addOption(stackOption())
  .addOption(regionOption())
  .option('--cluster <name...>', 'clusters that share the stack, the default one first (default: as before, or one named default)')
  .addOption(
    new Option('--host <host>', 'what the API runs on (default: as before, or web-function)').choices(['web-function', 'function-url']),
  )
  .option('--nodes <count>', 'machines that join the default cluster, or nodeCluster (default: as before, or none)', nodeCount)
  .option('--admin <arn...>', 'IAM roles and users that may do everything, besides whoever deploys')
  .option('--context <name=value...>', 'other choices: infra/aws/README.md lists them')
  .addOption(dataDirOption())
  .addOption(yesOption())
  .action(lazily(async () => (await import('./deploy.ts')).deploy));

program
  .command('destroy')
  .description('delete a stack on AWS; its table stays')
  .addOption(stackOption())
  .addOption(regionOption())
  .option('--unprotect', 'lift the protection that every stack has from its first deployment on')
  .addOption(dataDirOption())
  .addOption(yesOption())
  .action(lazily(async () => (await import('./destroy.ts')).destroy));

program
  .command('prove')
  .description('see for yourself: make a stack in an AWS account, use it as a cluster, delete it, and print what was seen and measured')
  .addOption(regionOption())
  .addOption(new Option('--host <host>', 'what the API runs on').choices(['web-function', 'function-url']).default('web-function'))
  .option('--nodes <count>', 'how many machines join', nodeCount, 2)
  .option('--own-machines', 'they are machines that you join by the command that is printed, instead of the stack’s')
  .option('--image <image>', 'what the pods run', 'public.ecr.aws/nginx/nginx:stable')
  .option('--minutes <count>', 'how long it may take until the stack is deleted again', sizeCount, 30)
  .option('--cents <count>', 'what it may cost at most', sizeCount, 200)
  .addOption(dataDirOption())
  .addOption(yesOption())
  .action(lazily(async () => (await import('./prove/prove.ts')).prove));

const homeOptions = (command: Command): Command =>
  command
    .addOption(dataDirOption())
    .option('--stack <name>', 'in this stack on AWS (default: in the cloud of the data directory, or in the stack Hibernetes)')
    .addOption(regionOption());
const clusterCommand = (verb: string, description: string, words: string): Command =>
  homeOptions(program.command(verb).description(description).command(words));

clusterCommand('create', 'make something where several clusters share a table', 'cluster <name>')
  .description('make another cluster; nothing is deployed')
  .action(lazily(async () => (await import('./cluster.ts')).createCluster));
clusterCommand('list', 'show what there is where several clusters share a table', 'clusters')
  .description('the clusters, and where they answer')
  .action(lazily(async () => (await import('./cluster.ts')).listClusters));
clusterCommand('delete', 'delete something where several clusters share a table', 'cluster <name>')
  .description('end a cluster and remove all it kept; again goes on where the last one was cut off')
  .option('--force', 'although machines are its nodes, or nobody can ask')
  .addOption(yesOption())
  .action(lazily(async () => (await import('./cluster.ts')).deleteCluster));

program
  .command('backup <file>')
  .description('write all objects of the cluster into a file, as of one moment, while the cluster goes on')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .addOption(new Option('--passphrase-file <file>', 'seal it with the passphrase in this file (default: asked for)').conflicts('recipient'))
  .addOption(new Option('--recipient <age1...>', 'seal it for the holder of this key of age').conflicts('unsealed'))
  .addOption(new Option('--unsealed', 'do not seal it: whoever has the file has all Secrets').conflicts('passphraseFile'))
  .action(lazily(async () => (await import('./backup.ts')).backup));

addPastCommands(program);

homeOptions(program.command('restore [file]'))
  .description('make a new cluster of a backup: in the data directory, or with --as beside others that share a table; or of the past')
  .option('--as <name>', 'name of the new cluster, in a stack or in up --cloud local')
  .addOption(new Option('--passphrase-file <file>', 'opens it (default: asked for)').conflicts('identityFile'))
  .option('--identity-file <file>', 'the key of age that it was sealed for')
  .addOption(new Option('--to <moment>', 'no file, but what the cluster of the data directory was then').conflicts('as'))
  .option('--into <dir>', 'with --to: a data directory for the new cluster (default: the same, if its store is gone)')
  .action(async (file: string | undefined, options: RestoreOptions & Partial<RestorePastOptions>) => {
    const { to } = options;
    if (to !== undefined && file === undefined) return (await import('./past/restored-cluster.ts')).restorePast({ ...options, to });
    if (file === undefined || to !== undefined) throw new CliError('Name what to restore: either a file or --to.');
    return (await import('./restore.ts')).restore(file, options);
  });

homeOptions(program.command('keys').description('the keys that Secrets are sealed with').command('rotate'))
  .description('seal with a new key from now on; the cluster goes on, and seals what is there anew')
  .action(lazily(async () => (await import('./keys.ts')).rotate));

const drainOptions = (command: Command): Command =>
  command
    .option('--drain', 'move the pods of each node away before, and let new ones in afterwards')
    .addOption(new Option('--grace <seconds>', 'drain: how long the pods may take to move').argParser(sizeCount).default(300));

const upgrade = program
  .command('upgrade')
  .description('go on with another version of this program, its data, nodes and pods in place; the way back is the same, until finalize');
drainOptions(upgrade.command('cluster', { isDefault: true }))
  .description('the cluster of a data directory goes on with this version: control plane first, then agents, one after another')
  .addOption(dataDirOption())
  .option('--to <file>', 'with the version in this npm package')
  .action(lazily(async () => (await import('./upgrade.ts')).upgrade));
homeOptions(upgrade.command('status'))
  .description('in which format clusters are stored, and whether a newer one waits')
  .action(lazily(async () => (await import('./upgrade-format.ts')).upgradeStatus));
drainOptions(upgrade.command('agents'))
  .description('the agents of machines that joined become the version that the control plane has, one after another; pods run on')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .option('--node <name...>', 'only these nodes (default: all)')
  .action(lazily(async () => (await import('./upgrade-agents.ts')).upgradeAgents));
homeOptions(upgrade.command('finalize'))
  .description('store in the newest format of this version from now on; earlier versions do not read it')
  .addOption(yesOption())
  .action(lazily(async () => (await import('./upgrade-format.ts')).finalizeUpgrade));

addNodeCommands(program, { examinesAccounts: true });

const token = program.command('token').description('what lets machines join');
token
  .command('create')
  .description('print a command that makes a machine a node')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .addOption(
    new Option('--ttl <time>', 'how long it lets machines in, such as 30m, 24h or 7d; 0: for ever')
      .argParser(durationSeconds)
      .default(24 * 3600, '24h'),
  )
  .option('--description <text>', 'what it is for')
  .action(lazily(async () => (await import('./token.ts')).createToken));
token
  .command('list')
  .description('the tokens there are')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .action(lazily(async () => (await import('./token.ts')).listTokens));
token
  .command('delete <token>')
  .description('let nobody in with it any more; nodes that have joined stay')
  .addOption(dataDirOption())
  .addOption(kubeconfigOption())
  .action(lazily(async () => (await import('./token.ts')).deleteToken));
token
  .command('iam', { hidden: true })
  .requiredOption('--region <region>')
  .requiredOption('--cluster-id <id>')
  .action(async (choice: CloudCredentialChoice) =>
    (await import('./cloud-credential.ts')).printCloudCredential(choice, environment('KUBERNETES_EXEC_INFO')),
  );

const node = program.command('node').description('one node of the cluster');
node
  .command('stop <name>')
  .description('stop its agent and containerd, as a power cut would')
  .addOption(dataDirOption())
  .action(lazily(async () => (await import('./node.ts')).stopOneNode));
node
  .command('start <name>')
  .description('start them again')
  .addOption(dataDirOption())
  .action(lazily(async () => (await import('./node.ts')).startOneNode));

letPrintJson(program);

// The code that completes words is read by shells that ask for it.
if (process.argv[2] === 'complete') (await import('@bomb.sh/tab/commander')).default(program);
else
  program
    .command('complete <shell>')
    .description('print what makes a shell complete words: source <(hibernetes complete bash), or zsh, fish, powershell')
    .allowExcessArguments();
await runProgram(program);
