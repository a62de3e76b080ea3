"""Starts ministack with what it lacks and AWS has.

Each function here stands for one gap and names the document by which AWS behaves so. Templates and functions stay as they
are; what AWS's runtime for Node and its edge have besides is in runtime.mjs and edge.ts.
"""
import json

from ministack import app
from ministack.core import iam_actions
from ministack.services import dynamodb, secretsmanager, sts
from ministack.services.cloudformation import provisioners


def generated_secret(props):
    """ExcludePunctuation and its siblings count.

    AWS: AWS::SecretsManager::Secret GenerateSecretString; the same fields as GetRandomPassword.
    """
    wanted = props.get("GenerateSecretString")
    if not wanted or props.get("SecretString"):
        return secret_string(props)
    status, _headers, body = secretsmanager._get_random_password(wanted)
    if status >= 400:
        raise ValueError(f"AWS::SecretsManager::Secret: {body!r}")
    password = json.loads(body)["RandomPassword"]
    template = wanted.get("SecretStringTemplate")
    if template is None:
        return password
    return json.dumps({**json.loads(template), wanted["GenerateStringKey"]: password})


def alarm_of_metrics(name, props):
    """An alarm may name its metric in a list, with a label, or calculate it. One that calculates never rings here.

    AWS: AWS::CloudWatch::Alarm Metrics, MetricDataQuery.
    """
    queries = props.get("Metrics")
    if not queries:
        return alarm_record(name, props)
    stat = queries[0].get("MetricStat") if len(queries) == 1 else None
    metric = stat["Metric"] if stat else {"Namespace": "Calculated", "MetricName": name}
    single = {key: value for key, value in props.items() if key != "Metrics"}
    return alarm_record(name, {
        **single,
        **metric,
        "Period": stat["Period"] if stat else queries[0].get("Period", 60),
        "Statistic": stat["Stat"] if stat else "Sum",
    })


def named_by_arn(handlers):
    """A secret's Ref is its ARN, by which policies and functions name it.

    AWS: AWS::SecretsManager::Secret, "Return values".
    """
    def name_of(arn):
        return arn.rsplit(":", 1)[-1][:-len("-abcdef")]

    def arn_first(made):
        return made[1]["Arn"], made[1]

    return {
        **handlers,
        "create": lambda *given: arn_first(handlers["create"](*given)),
        "update": lambda arn, *given, **named: arn_first(handlers["update"](name_of(arn), *given, **named)),
        "delete": lambda arn, props: handlers["delete"](name_of(arn), props),
    }


def with_leading_keys(body):
    """A request for an item carries the value of its partition key, by which policies grant a part of a table.

    AWS: "Using IAM policy conditions for fine-grained access control", dynamodb:LeadingKeys.
    """
    context = service_context(body)
    request = json.loads(body or b"{}")
    table = dynamodb._tables.get(request.get("TableName", "").rsplit("/", 1)[-1])
    item = request.get("Key") or request.get("Item")
    if table is None or item is None:
        return context
    [partition_key] = [key["AttributeName"] for key in table["KeySchema"] if key["KeyType"] == "HASH"]
    return {**context, "dynamodb:LeadingKeys": list(item[partition_key].values())}


async def in_json_if_wanted(method, path, headers, body, query_params):
    """The token service answers in JSON who asks in its query protocol for that, as aws-iam-authenticator does.

    AWS: aws-iam-authenticator, pkg/token/token.go, getCallerIdentityWrapper.
    """
    if "json" not in headers.get("accept", "") or headers.get("x-amz-target"):
        return await answer(method, path, headers, body, query_params)
    wanted = {**headers, "content-type": "application/x-amz-json-1.1"}
    status, answered, text = await answer(method, path, wanted, body, query_params)
    if status != 200:
        return status, answered, text
    action = query_params["Action"][0]
    whole = {f"{action}Response": {f"{action}Result": json.loads(text)}}
    return status, {"Content-Type": "application/json"}, json.dumps(whole).encode()


answer = sts.handle_request
sts.handle_request = in_json_if_wanted
service_context = iam_actions.dynamodb_service_context
iam_actions.dynamodb_service_context = with_leading_keys
secrets = "AWS::SecretsManager::Secret"
provisioners._RESOURCE_HANDLERS[secrets] = named_by_arn(provisioners._RESOURCE_HANDLERS[secrets])
secret_string = provisioners._sm_secret_string
provisioners._sm_secret_string = generated_secret
alarm_record = provisioners._cw_metric_alarm_record
provisioners._cw_metric_alarm_record = alarm_of_metrics

# Of this machine's ports only the one that was chosen is taken.
app._port_is_bindable = lambda _host, _port: False

if __name__ == "__main__":
    app.main()
