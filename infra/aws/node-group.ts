/**
 * Machines that join a cluster, for users who want AWS to run them. They dial out and accept connections from each
 * other only. All stand in one subnet, where a route to another machine's pods only needs that machine's address.
 */
import { Duration, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import { AutoScalingGroup, UpdatePolicy } from 'aws-cdk-lib/aws-autoscaling';
import {
  AmazonLinuxCpuType,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  FlowLogDestination,
  FlowLogTrafficType,
  type IMachineImage,
  InstanceType,
  IpAddresses,
  LaunchTemplate,
  MachineImage,
  type MachineImageConfig,
  OperatingSystemType,
  Port,
  SecurityGroup,
  SubnetType,
  UserData,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { nodeNetworks } from '../../functions/kube/cluster-networks.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Deployment, type NodeGroup as NodeGroupOptions, nodesCidr } from './deployment.ts';
import { bootScript } from './boot-script.ts';
import { stackOutputs } from './outputs.ts';
import { addOutput } from './add-output.ts';

export interface NodeGroupProps {
  readonly options: NodeGroupOptions;
  readonly deployment: Deployment;
  readonly controlPlane: ControlPlane;
}

const diskGiB = 30;
const clusterTag = 'hibernetes.dev/cluster';
/** A new machine is a node within minutes, and pods are given time to move. */
const replacePause = Duration.minutes(5);
const cpuTypes = { arm64: AmazonLinuxCpuType.ARM_64, x86_64: AmazonLinuxCpuType.X86_64 } as const;

/** The one that was chosen; without a choice, the one that is newest when the stack is deployed. */
const imageOf = ({ image, architecture }: NodeGroupOptions): IMachineImage =>
  image === undefined ? MachineImage.latestAmazonLinux2023({ cpuType: cpuTypes[architecture] }) : new GivenImage(image);

/** The image of the Region in which the stack is deployed, whichever that is. */
class GivenImage implements IMachineImage {
  private readonly imageId: string;

  constructor(imageId: string) {
    this.imageId = imageId;
  }

  getImage(): MachineImageConfig {
    return { imageId: this.imageId, osType: OperatingSystemType.LINUX, userData: UserData.forLinux() };
  }
}

export class NodeGroup extends Construct {
  constructor(scope: Construct, id: string, props: NodeGroupProps) {
    super(scope, id);
    const { options, deployment, controlPlane } = props;
    const vpc = this.network(deployment.logDays);
    const group = new SecurityGroup(this, 'SecurityGroup', { vpc, description: 'Nodes and their pods: out, and to each other' });
    group.addIngressRule(group, Port.allTraffic(), 'nodes and pods reach each other');

    const role = this.role(options.cluster);
    const userData = UserData.forLinux();
    userData.addCommands(
      ...bootScript({
        server: controlPlane.serverOf(options.cluster),
        iamClusterId: controlPlane.iamClusterIdOf(options.cluster),
        architecture: options.architecture,
        networks: nodeNetworks(deployment.networks),
      }),
    );
    const launchTemplate = new LaunchTemplate(this, 'LaunchTemplate', {
      machineImage: imageOf(options),
      instanceType: new InstanceType(options.instanceType),
      role,
      userData,
      securityGroup: group,
      requireImdsv2: true,
      // One hop: pods are behind another one, and must not find the machine's role.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        { deviceName: '/dev/xvda', volume: BlockDeviceVolume.ebs(diskGiB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }) },
      ],
    });
    const machines = new AutoScalingGroup(this, 'Machines', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      launchTemplate,
      minCapacity: options.count,
      maxCapacity: options.count,
      updatePolicy: UpdatePolicy.rollingUpdate({
        maxBatchSize: 1,
        minInstancesInService: options.count - 1,
        pauseTime: replacePause,
      }),
    });
    Tags.of(machines).add(clusterTag, options.cluster);
    Validations.of(machines).acknowledge({
      id: 'AwsSolutions-AS3',
      reason: 'Machines come and go as nodes of the cluster, which shows it with conditions and events.',
    });
    this.outputNodeRole(role);
  }

  /** Public addresses for the way out, since a gateway for private ones would cost more than the machines. Nothing is let in. */
  private network(logDays: number): Vpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(nodesCidr),
      maxAzs: 1,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Nodes', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: true }],
    });
    const log = new LogGroup(this, 'RefusedLog', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    vpc.addFlowLog('Refused', { trafficType: FlowLogTrafficType.REJECT, destination: FlowLogDestination.toCloudWatchLogs(log) });
    return vpc;
  }

  private role(cluster: string): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    const mayDo = (actions: readonly string[], resources: readonly string[], conditions?: Record<string, Record<string, string>>): void => {
      role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources], conditions }));
    };
    const machines = Stack.of(this).formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' });
    mayDo(['ec2:ModifyInstanceAttribute'], [machines], {
      StringEquals: { 'ec2:Attribute': 'SourceDestCheck', [`aws:ResourceTag/${clusterTag}`]: cluster },
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]',
      reason: 'A machine has no name before it is born; a tag marks which ones are meant, and only one attribute may be changed.',
    });
    return role;
  }

  /** The entry of kube-system/aws-auth by which the machines are nodes. */
  private outputNodeRole(role: Role): void {
    addOutput(this, 'NodeRole', stackOutputs.nodeRole, {
      value: role.roleArn,
      description: 'Mapped in ConfigMap kube-system/aws-auth, as infra/aws/README.md shows',
    });
  }
}
