/** Rules of cdk-nag that CDK's own helpers break, each with the reason why that is bearable here. */
import { Validations, type Stack } from 'aws-cdk-lib';

/** CDK brings a Web Function's code to a bucket of the stack with a function of its own. */
export function acknowledgeCodeBucket(stack: Stack): void {
  const bucket = stack.node.tryFindChild('AWSCDKWebFunctionAssetBucket');
  if (bucket === undefined) return;
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'It holds published program code; a log of who read it would have to be kept and guarded in turn.',
  });
  const copyRole = stack.node.children.find(({ node }) => node.id.startsWith('Custom::S3ObjectCopy'))?.node.tryFindChild('ServiceRole');
  if (copyRole === undefined) throw new Error('CDK copies code in another way than it did: look again at what its helper may do');
  Validations.of(copyRole).acknowledge(
    {
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      reason: 'CDK’s own helper, which runs only while the stack is deployed; the policy lets it write its log.',
    },
    ...[
      'Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*',
      'Resource::<AWSCDKWebFunctionAssetBucket5B596593.Arn>/web-function/*',
      'Action::s3:Abort*',
      'Action::s3:DeleteObject*',
    ].map((finding) => ({
      id: `AwsSolutions-IAM5[${finding}]`,
      reason: 'CDK’s own helper, which runs only while the stack is deployed; names of the objects are hashes of code yet to come.',
    })),
  );
}
