/** The control plane: a table, and the functions for all clusters, made from the entries of the manifest. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { manifest } from '../../functions/manifest.ts';
import { acknowledgeCodeBucket } from './acknowledged.ts';
import { controlPlaneAlarms, createAlarms, tableAlarms } from './alarms.ts';
import type { AccessVariables } from './access-configurations.ts';
import type { BundleOf } from './cluster-function.ts';
import { ControlPlane } from './control-plane.ts';
import { createDashboard } from './dashboard.ts';
import type { Choices, Deployment } from './deployment.ts';
import { NodeGroup } from './node-group.ts';
import { stackOutputs } from './outputs.ts';
import { addOutput } from './add-output.ts';
import { adoptedTable, createStateTable } from './state-table.ts';

export interface ControlPlaneStackProps extends StackProps {
  readonly deployment: Deployment;
  /** The choices of which the stack was made. */
  readonly choices: Choices;
  readonly bundleOf: BundleOf;
  readonly access: AccessVariables;
}

export class ControlPlaneStack extends Stack {
  readonly controlPlane: ControlPlane;

  constructor(scope: Construct, id: string, props: ControlPlaneStackProps) {
    super(scope, id, {
      ...props,
      description: 'Hibernetes: Kubernetes without servers to run',
      terminationProtection: props.deployment.isProtected,
    });
    const { deployment, choices, bundleOf, access } = props;
    const key = deployment.customerKey ? this.customerKey() : undefined;
    const table =
      deployment.adopted === undefined
        ? createStateTable(this, { limits: deployment.limits, key })
        : adoptedTable(this, deployment.adopted);
    this.controlPlane = new ControlPlane(this, 'ControlPlane', { functions: manifest, deployment, table, key, bundleOf, access });
    const alarms = deployment.hasAlarms ? this.alarms(table, deployment.alarmEmail, key) : [];
    createDashboard(this, this.controlPlane, { table, alarms });
    const { nodes: options } = deployment;
    if (options !== undefined) new NodeGroup(this, 'Nodes', { options, deployment, controlPlane: this.controlPlane });
    acknowledgeCodeBucket(this);
    addOutput(this, 'TableName', stackOutputs.table, { value: table.tableName, description: 'Everything that the clusters keep' });
    addOutput(this, 'Choices', stackOutputs.choices, { value: JSON.stringify(choices), description: 'What was chosen, and stays chosen' });
  }

  private customerKey(): Key {
    const key = new Key(this, 'Key', {
      description: 'Encrypts all that Hibernetes keeps',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    // Alarms reach a topic, and failed ticks a queue, that are encrypted with it.
    for (const service of ['cloudwatch', 'scheduler']) key.grantEncryptDecrypt(new ServicePrincipal(`${service}.amazonaws.com`));
    return key;
  }

  private alarms(table: ITableV2, email: string | undefined, key: Key | undefined): readonly Alarm[] {
    const topic = new Topic(this, 'Alarms', { displayName: 'Hibernetes', enforceSSL: true, masterKey: key });
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    return [
      ...createAlarms(table, topic, tableAlarms(table)),
      ...createAlarms(this.controlPlane, topic, controlPlaneAlarms(this.controlPlane, table)),
    ];
  }
}
