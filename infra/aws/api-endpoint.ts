/**
 * The API's host: the only thing here that the internet reaches. It admits all callers, and the API itself asks who they
 * are: Kubernetes' credentials are none that AWS could check.
 */
import { Duration, Fn, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { MathExpression, Stats, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  FunctionUrlAuthType,
  InvokeMode,
  SystemLogLevel,
  WebFunction,
  WebFunctionAuthType,
  WebFunctionCode,
  WebFunctionRuntime,
  type Function as EventFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { bundleModule, createEventFunction, Identity, type FunctionProps } from './cluster-function.ts';
import type { ApiHost, Limits } from './deployment.ts';

export interface ApiEndpoint {
  /** The domain name, without `https://`. */
  readonly domainName: string;
  /** The number of answers, by class of status code. */
  readonly answers: readonly IMetric[];
  readonly failures: IMetric;
  /** What it runs on, if that is a function with the metrics of one. */
  readonly eventFunction: EventFunction | undefined;
}

export interface ApiEndpointProps extends FunctionProps {
  readonly limits: Limits;
}

/** The bundle for each host. */
const webEntry = 'api.web.ts';
/** Requests in one environment; watches cost nothing while they are silent. Source: the most that a Web Function allows. */
const requestsInEnvironment = 128;
const period = Duration.minutes(1);
const answerClasses = ['2XX', '4XX', '5XX'] as const;

export const createApiEndpoint: Readonly<Record<ApiHost, (scope: Construct, props: ApiEndpointProps) => ApiEndpoint>> = {
  'web-function': webFunction,
  'function-url': functionUrl,
};

function webFunction(scope: Construct, props: ApiEndpointProps): ApiEndpoint {
  const { spec, environment, bundleOf, key, limits, logDays } = props;
  const { role, logGroup } = new Identity(scope, 'Identity', props);
  const web = new WebFunction(scope, 'WebFunction', {
    revisionDescription: `Hibernetes: ${spec.name}`,
    runtime: WebFunctionRuntime.NODEJS_24_X,
    code: WebFunctionCode.fromAssetToManagedBucket(bundleOf(webEntry), { copyOptions: { logGroup: codeLog(scope, logDays) } }),
    entryPoint: bundleModule,
    timeout: Duration.seconds(spec.timeoutSeconds),
    maxConcurrencyPerEnvironment: requestsInEnvironment,
    role,
    logGroup,
    systemLogLevel: SystemLogLevel.WARN,
    environment,
    kmsKey: key,
    defaultEndpointAuth: WebFunctionAuthType.APPLICATION_MANAGED,
    defaultEndpoint: { maxEnvironments: limits.apiEnvironments, rateLimit: limits.apiRequestsPerSecond },
  });
  // A revision reads its code and writes its log as the role does: not before it may.
  web.node.addDependency(role);
  Validations.of(web.endpoint).acknowledge({
    id: 'Annotation::@aws-cdk/aws-lambda:webFunctionPublicEndpoint',
    reason: 'Kubernetes’ clients bring tokens of Kubernetes’ own, which the API checks before it does anything else.',
  });
  // A query adds up whatever dimensions there are besides the name.
  const answered = (answerClass: (typeof answerClasses)[number]): IMetric =>
    new MathExpression({
      expression: `SELECT SUM(HTTPResponseStatusClass${answerClass}) FROM "AWS/Lambda/Web" WHERE FunctionName = '${web.webFunctionName}'`,
      usingMetrics: {},
      label: answerClass,
      period,
    });
  return {
    domainName: web.endpoint.domainName,
    answers: answerClasses.map(answered),
    failures: answered('5XX'),
    eventFunction: undefined,
  };
}

/** CDK's helper that brings the code is one for the whole stack, and so is its log. */
function codeLog(scope: Construct, logDays: number): LogGroup {
  const id = 'CodeLog';
  const stack = Stack.of(scope);
  const known = stack.node.tryFindChild(id);
  return known instanceof LogGroup ? known : new LogGroup(stack, id, { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
}

function functionUrl(scope: Construct, props: ApiEndpointProps): ApiEndpoint {
  // Its requests a second are ten times its instances. Source: Lambda, throttling of function URLs.
  const concurrency = props.concurrency === undefined ? undefined : props.limits.apiEnvironments;
  const eventFunction = createEventFunction(scope, { ...props, concurrency });
  const url = eventFunction.addFunctionUrl({ authType: FunctionUrlAuthType.NONE, invokeMode: InvokeMode.RESPONSE_STREAM });
  const counted = (metricName: string, label: string): IMetric => eventFunction.metric(metricName, { statistic: Stats.SUM, label, period });
  return {
    domainName: Fn.select(2, Fn.split('/', url.url)),
    answers: [counted('UrlRequestCount', 'all'), counted('Url4xxCount', '4XX'), counted('Url5xxCount', '5XX')],
    failures: counted('Url5xxCount', '5XX'),
    eventFunction,
  };
}
