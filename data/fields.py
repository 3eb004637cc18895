"""Writes `fields.rs`: the fields of the built-in kinds of Kubernetes, with their types.

The source is the package `kubernetes` of PyPI, whose models are generated from the OpenAPI description of the release
that the package is named after. Its files are read, not run:

    for version in 29 31 33 34 35 36 37; do pip download --no-deps "kubernetes==$version.*"; done
    python3 data/fields.py kubernetes-*.whl > data/fields.rs

The newest release gives the kinds. A field that an older one had and that is gone since is kept: who targets the older
release may write it.

The models do not tell a quantity from text, so QUANTITIES names those. Status and managed fields are the server's own
and count as free-form, as does what takes a number or a name (the description calls both `object`).
"""

import ast
import re
import sys
import zipfile

# What people write and apply; custom resource definitions are written by machines, and the rest by clusters.
GROUPS = {
    "v1": "core",
    "admissionregistration.k8s.io/v1": "admissionregistration",
    "apiregistration.k8s.io/v1": "apiregistration",
    "apps/v1": "apps",
    "autoscaling/v1": "autoscaling",
    "autoscaling/v2": "autoscaling",
    "batch/v1": "batch",
    "certificates.k8s.io/v1": "certificates",
    "coordination.k8s.io/v1": "coordination",
    "discovery.k8s.io/v1": "discovery",
    "flowcontrol.apiserver.k8s.io/v1": "flowcontrol_apiserver",
    "networking.k8s.io/v1": "networking",
    "node.k8s.io/v1": "node",
    "policy/v1": "policy",
    "rbac.authorization.k8s.io/v1": "rbac_authorization",
    "scheduling.k8s.io/v1": "scheduling",
    "storage.k8s.io/v1": "storage",
}
LEFT_OUT = {"CoreV1Event", "V1Binding"}

QUANTITIES = {
    ("V1CSIStorageCapacity", "capacity"),
    ("V1CSIStorageCapacity", "maximumVolumeSize"),
    ("V1EmptyDirVolumeSource", "sizeLimit"),
    ("V1LimitRangeItem", "default"),
    ("V1LimitRangeItem", "defaultRequest"),
    ("V1LimitRangeItem", "max"),
    ("V1LimitRangeItem", "maxLimitRequestRatio"),
    ("V1LimitRangeItem", "min"),
    ("V1Overhead", "podFixed"),
    ("V1PersistentVolumeSpec", "capacity"),
    ("V1PodSpec", "overhead"),
    ("V1ResourceFieldSelector", "divisor"),
    ("V1ResourceQuotaSpec", "hard"),
    ("V1ResourceRequirements", "limits"),
    ("V1ResourceRequirements", "requests"),
    ("V1VolumeResourceRequirements", "limits"),
    ("V1VolumeResourceRequirements", "requests"),
    ("V2HPAScalingRules", "tolerance"),
    ("V2MetricTarget", "averageValue"),
    ("V2MetricTarget", "value"),
}
SERVERS_OWN = {"status", "managedFields"}
SCALARS = {
    "bool": "Bool",
    "int": "Int",
    "float": "Float",
    "str": "Text",
    "datetime": "Text",
    "bytes": "Bytes",
    "object": "Any",
}


def targets(statement):
    """What a statement assigns to: releases differ in how they annotate."""
    if isinstance(statement, ast.AnnAssign):
        return [statement.target]
    return statement.targets if isinstance(statement, ast.Assign) else []


def models(package):
    """The fields of each model: name in the file -> type in the notation of the package."""
    found = {}
    for path in package.namelist():
        if not re.fullmatch(r"kubernetes/client/models/\w+\.py", path):
            continue
        for part in ast.parse(package.read(path)).body:
            if not isinstance(part, ast.ClassDef):
                continue
            tables = {
                target.id: ast.literal_eval(statement.value)
                for statement in part.body
                for target in targets(statement)
                if getattr(target, "id", "") in ("openapi_types", "attribute_map")
            }
            if "openapi_types" in tables:
                names = tables["attribute_map"]
                found[part.name] = {
                    names[own]: kind.replace("(", "[").replace(")", "]").replace("dict[", "Dict[").replace("list[", "List[")
                    for own, kind in tables["openapi_types"].items()
                }
    return found


def kinds(package):
    """The kinds that can be created, by `apiVersion` and `kind`: the models of their bodies."""
    found = {}
    for api_version, module in GROUPS.items():
        version = api_version.rpartition("/")[2]
        text = package.read(f"kubernetes/client/api/{module}_{version}_api.py").decode()
        created = re.findall(
            r"\n    def create_(?:namespaced_)?\w+\(\n.*?\n        body: (\w+),.*?"
            r"resource_path='([^']*)'",
            text,
            re.S,
        )
        for model, path in created:
            # What lies below an object is made by programs.
            if "{name}" in path or model in LEFT_OUT:
                continue
            found[api_version, plain(model)] = model
    return found


def plain(model):
    """A model's name as Kubernetes writes it: without the version before it."""
    return re.sub(r"^(Core|Rbac|Discovery|Events|Flowcontrol|Storage|Apiextensions|Apiregistration"
                  r"|Admissionregistration)?V\d+(alpha\d+|beta\d+)?", "", model)


def element(kind):
    """The wrappers of a type, the outermost first, and what is in them."""
    wrappers = []
    while match := re.fullmatch(r"(List|Dict)\[(?:str, )?(.*)\]", kind):
        wrappers.append(match[1])
        kind = match[2]
    return wrappers, kind


def main():
    wheels = {re.search(r"kubernetes-([\d.]+)-", wheel)[1]: wheel for wheel in sys.argv[1:]}
    versions = sorted(wheels, key=lambda version: [int(part) for part in version.split(".")])
    known = {}
    for version in versions:
        with zipfile.ZipFile(wheels[version]) as package:
            newer = models(package)
            if version == versions[-1]:
                roots = kinds(package)
        for model, own in newer.items():
            known[model] = known.get(model, {}) | own
    assert all(field in known[model] for model, field in QUANTITIES)

    def fields(model):
        return {
            name: "object" if name in SERVERS_OWN else kind
            for name, kind in known[model].items()
        }

    reached, waiting = set(), sorted(roots.values())
    while waiting:
        model = waiting.pop()
        if model not in reached:
            reached.add(model)
            inner = (element(kind)[1] for kind in fields(model).values())
            waiting += [kind for kind in inner if kind not in SCALARS]
    order = sorted(reached)
    number = {model: index for index, model in enumerate(order)}

    def shape(model, name, kind):
        wrappers, inner = element(kind)
        if (model, name) in QUANTITIES:
            inner = "Quantity"
        else:
            inner = SCALARS.get(inner) or f"Of({number[inner]})"
        for wrapper in reversed(wrappers):
            inner = f"{'List' if wrapper == 'List' else 'Map'}(&{inner})"
        return inner

    print(f"// Written by data/fields.py from the packages kubernetes {', '.join(versions)} of PyPI,")
    print("// which the Kubernetes authors generate from the OpenAPI description of each release. Licence: Apache-2.0.")
    print()
    print("/// The kinds, by `apiVersion` and `kind`, with the numbers of their types.")
    print("static KINDS: &[(&str, &str, u16)] = &[")
    for (api_version, kind), model in sorted(roots.items()):
        print(f'    ("{api_version}", "{kind}", {number[model]}),')
    print("];\n")
    print("/// The types: their names, and their fields in order.")
    print("static TYPES: &[Type] = &[")
    for model in order:
        inner = ", ".join(
            f'("{name}", {shape(model, name, kind)})' for name, kind in sorted(fields(model).items())
        )
        print(f'    /* {number[model]} */ Type {{ name: "{plain(model)}", fields: &[{inner}] }},')
    print("];")


main()
