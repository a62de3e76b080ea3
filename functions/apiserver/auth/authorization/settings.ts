/** The fields of an AuthorizationConfiguration, and what is kept of it: who is asked whether a caller may, in order. */
import type { ClusterAccess } from '../../../client/https-fetch.ts';
import { flag, listOf, type Shape, struct, text } from '../../../kube/configuration/shape.ts';

export const authorizerTypes = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'] as const;
export type AuthorizerType = (typeof authorizerTypes)[number];

/** Plain data: it is kept with the cluster, keys of its webhooks included. */
export interface AuthorizationSettings {
  readonly authorizers: readonly AuthorizerSettings[];
}

export interface AuthorizerSettings {
  readonly type: AuthorizerType;
  readonly name: string;
  /** Set for the type Webhook. */
  readonly webhook?: WebhookSettings;
}

export interface WebhookSettings {
  readonly access: ClusterAccess;
  readonly timeoutMs: number;
  /** How long an answer is kept; 0: it is not. */
  readonly authorizedMs: number;
  readonly unauthorizedMs: number;
  readonly reviewVersion: 'v1' | 'v1beta1';
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  /** CEL expressions: the webhook is asked only about requests for which all are true. */
  readonly matchConditions: readonly string[];
}

/** Source: apiserver, pkg/apis/apiserver/v1/types.go. */
export const authorizationShape: Shape = struct('v1.AuthorizationConfiguration', {
  apiVersion: text,
  kind: text,
  authorizers: listOf(
    struct('v1.AuthorizerConfiguration', {
      type: text,
      name: text,
      webhook: struct('v1.WebhookConfiguration', {
        authorizedTTL: text,
        cacheAuthorizedRequests: flag,
        unauthorizedTTL: text,
        cacheUnauthorizedRequests: flag,
        timeout: text,
        subjectAccessReviewVersion: text,
        matchConditionSubjectAccessReviewVersion: text,
        failurePolicy: text,
        connectionInfo: struct('v1.WebhookConnectionInfo', { type: text, kubeConfigFile: text }),
        matchConditions: listOf(struct('v1.WebhookMatchCondition', { expression: text })),
      }),
    }),
  ),
});

/** An authorizer as the configuration file has it. */
export interface WrittenAuthorizer {
  readonly type?: string;
  readonly name?: string;
  readonly webhook?: WrittenWebhook;
}

export interface WrittenWebhook {
  readonly authorizedTTL?: string;
  readonly cacheAuthorizedRequests?: boolean;
  readonly unauthorizedTTL?: string;
  readonly cacheUnauthorizedRequests?: boolean;
  readonly timeout?: string;
  readonly subjectAccessReviewVersion?: string;
  readonly matchConditionSubjectAccessReviewVersion?: string;
  readonly failurePolicy?: string;
  readonly connectionInfo?: { readonly type?: string; readonly kubeConfigFile?: string };
  readonly matchConditions?: readonly { readonly expression?: string }[];
}
