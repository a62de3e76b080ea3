/**
 * Whose tokens are believed, and who may come without any: the fields of an AuthenticationConfiguration, and a webhook. Plain data, kept
 * with the cluster.
 */
import type { TokenWebhookSettings } from '../token-webhook/settings.ts';
import { flag, listOf, struct, text, type Shape } from '../../../kube/configuration/shape.ts';

export interface AuthenticationSettings {
  readonly jwt: readonly JwtSettings[];
  readonly anonymous?: AnonymousSettings;
  /** Asked about tokens that neither this cluster nor an issuer has signed. It has flags of its own. */
  readonly tokenWebhook?: TokenWebhookSettings;
}

export interface AnonymousSettings {
  readonly enabled: boolean;
  /** The only paths that need no credentials, when there are conditions. */
  readonly conditions?: readonly { readonly path?: string }[];
}

export interface JwtSettings {
  readonly issuer: IssuerSettings;
  readonly claimValidationRules?: readonly ClaimRule[];
  readonly claimMappings: ClaimMappings;
  readonly userValidationRules?: readonly UserRule[];
}

export interface IssuerSettings {
  readonly url: string;
  /** Where the issuer describes itself, if not below its URL. */
  readonly discoveryURL?: string;
  /** PEM; the system's authorities when left out. */
  readonly certificateAuthority?: string;
  readonly audiences: readonly string[];
  readonly audienceMatchPolicy?: string;
  readonly egressSelectorType?: string;
}

export interface ClaimRule {
  readonly claim?: string;
  readonly requiredValue?: string;
  readonly expression?: string;
  readonly message?: string;
}

export interface UserRule {
  readonly expression?: string;
  readonly message?: string;
}

export interface ClaimMappings {
  readonly username?: PrefixedClaim;
  readonly groups?: PrefixedClaim;
  readonly uid?: { readonly claim?: string; readonly expression?: string };
  readonly extra?: readonly ExtraMapping[];
}

export interface PrefixedClaim {
  readonly claim?: string;
  readonly prefix?: string;
  readonly expression?: string;
}

export interface ExtraMapping {
  readonly key?: string;
  readonly valueExpression?: string;
}

const prefixed = struct('v1.PrefixedClaimOrExpression', { claim: text, prefix: text, expression: text });

/** Source: apiserver, pkg/apis/apiserver/v1/types.go. */
export const authenticationShape: Shape = struct('v1.AuthenticationConfiguration', {
  apiVersion: text,
  kind: text,
  jwt: listOf(
    struct('v1.JWTAuthenticator', {
      issuer: struct('v1.Issuer', {
        url: text,
        discoveryURL: text,
        certificateAuthority: text,
        audiences: listOf(text),
        audienceMatchPolicy: text,
        egressSelectorType: text,
      }),
      claimValidationRules: listOf(struct('v1.ClaimValidationRule', { claim: text, requiredValue: text, expression: text, message: text })),
      claimMappings: struct('v1.ClaimMappings', {
        username: prefixed,
        groups: prefixed,
        uid: struct('v1.ClaimOrExpression', { claim: text, expression: text }),
        extra: listOf(struct('v1.ExtraMapping', { key: text, valueExpression: text })),
      }),
      userValidationRules: listOf(struct('v1.UserValidationRule', { expression: text, message: text })),
    }),
  ),
  anonymous: struct('v1.AnonymousAuthConfig', {
    enabled: flag,
    conditions: listOf(struct('v1.AnonymousAuthCondition', { path: text })),
  }),
});
