"""Creates a stack of one template for each case, tells what came of it, and deletes it.

Arguments: the emulator's address, the beginning of the stacks' names. Stdin: {"template": …, "cases": [[[key, value], …], …]}.
A line of JSON for each case: {"refused": reason}, or what the role is.
"""
import itertools
import json
import sys

import botocore.config
import botocore.exceptions
import botocore.session
import cfnlint.decode.cfn_yaml

endpoint, beginning = sys.argv[1:]
given = json.load(sys.stdin)
template = cfnlint.decode.cfn_yaml.loads(given["template"])
# The emulator needs three times as long for YAML. Other tests deploy the text itself.
body = json.dumps(template)


def client(service):
    return botocore.session.Session().create_client(
        service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
    )


cloudformation, iam = client("cloudformation"), client("iam")


def value(node, parameters):
    """What CloudFormation makes of a property, as far as a property that the emulator drops has need of it."""
    if not isinstance(node, dict):
        return node
    (function, of), of_ = next(iter(node.items())), lambda inner: value(inner, parameters)
    match function:
        case "Ref":
            return None if of == "AWS::NoValue" else parameters.get(of, template["Parameters"][of]["Default"])
        case "Fn::If":
            return of_(of[1] if of_(template["Conditions"][of[0]]) else of[2])
        case "Fn::Not":
            return not of_(of[0])
        case "Fn::Equals":
            return of_(of[0]) == of_(of[1])
    raise ValueError(function)


def describe(stack):
    while True:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if not found["StackStatus"].endswith("IN_PROGRESS"):
            return found


def is_gone(role):
    try:
        iam.get_role(RoleName=role)
        return False
    except iam.exceptions.NoSuchEntityException:
        return True


def tell(stack, case):
    found = describe(stack)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    name = outputs["RoleArn"].rsplit("/", 1)[-1]
    role = iam.get_role(RoleName=name)["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    managed = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    told = {
        "status": found["StackStatus"],
        "outputs": outputs,
        "name": name,
        "max_session_seconds": role["MaxSessionDuration"],
        "trust": role["AssumeRolePolicyDocument"]["Statement"],
        "inline": {one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in inline},
        "managed": [one["PolicyArn"] for one in managed],
        "boundary": value(template["Resources"]["Role"]["Properties"]["PermissionsBoundary"], dict(case)),
    }
    cloudformation.delete_stack(StackName=stack)
    # The deadline is the caller's.
    while not is_gone(name):
        pass
    return told


for number, case in zip(itertools.count(), given["cases"]):
    stack = f"{beginning}-{number}"
    parameters = [{"ParameterKey": key, "ParameterValue": text} for key, text in case]
    try:
        cloudformation.create_stack(
            StackName=stack, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"], Parameters=parameters
        )
        told = tell(stack, case)
    except botocore.exceptions.ClientError as error:
        told = {"refused": str(error)}
    print(json.dumps(told))
