/** An output with a name of its own, instead of one that CDK makes of the construct's place. */
import { CfnOutput, type CfnOutputProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export function addOutput(scope: Construct, id: string, name: string, props: CfnOutputProps): void {
  new CfnOutput(scope, id, props).overrideLogicalId(name);
}
