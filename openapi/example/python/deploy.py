"""Deploys an app and waits until it is available, by a client that openapi-generator made of `hibernetes openapi`.

    hibernetes kubeconfig -o json > kubeconfig.json && python deploy.py kubeconfig.json
"""
import base64
import json
import sys
import tempfile
import time

import kubernetes_client


def file_with(text):
    file = tempfile.NamedTemporaryFile(delete=False)
    file.write(base64.b64decode(text))
    file.close()
    return file.name


def configuration_of(kubeconfig):
    cluster, user = kubeconfig['clusters'][0]['cluster'], kubeconfig['users'][0]['user']
    configuration = kubernetes_client.Configuration(host=cluster['server'], ssl_ca_cert=file_with(cluster['certificate-authority-data']))
    configuration.cert_file = file_with(user['client-certificate-data'])
    configuration.key_file = file_with(user['client-key-data'])
    return configuration


with open(sys.argv[1]) as file:
    kubeconfig = json.load(file)
labels = {'app': 'python'}
containers = [{'name': 'web', 'image': 'nginx/nginx:v1'}]
template = {'metadata': {'labels': labels}, 'spec': {'containers': containers}}
deployment = kubernetes_client.IoK8sApiAppsV1Deployment.from_dict(
    {'metadata': {'name': 'python'}, 'spec': {'replicas': 2, 'selector': {'matchLabels': labels}, 'template': template}}
)
with kubernetes_client.ApiClient(configuration_of(kubeconfig)) as api:
    nodes = kubernetes_client.CoreV1Api(api).list_core_v1_node()
    print('nodes:', ' '.join(node.metadata.name for node in nodes.items))
    apps = kubernetes_client.AppsV1Api(api)
    apps.create_apps_v1_namespaced_deployment(namespace='default', io_k8s_api_apps_v1_deployment=deployment)
    while True:
        status = apps.read_apps_v1_namespaced_deployment(namespace='default', name='python').status
        if status and status.available_replicas == 2:
            break
        time.sleep(0.2)
    print('available:', status.available_replicas)
    apps.delete_apps_v1_namespaced_deployment(namespace='default', name='python')
