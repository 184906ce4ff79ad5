"""A bad night: five faults, each found by verify and mended by what it prints."""

from scripts.transcripts.page import Page, Step

_API = 'api() { curl -s -H @<(echo "Authorization: Bearer $CLOUDFLARE_API_TOKEN") "$@"; }'
_ACCOUNT, _ZONE = "0123456789abcdef0123456789abcdef", "89abcdef0123456789abcdef01234567"
_VERIFY, _DONE = "python -m ops verify --stack dev", "python -m ops verify --stack dev | tail -1"
_FORCE = "PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up --refresh --stack dev"


def _mend(*commands: str) -> Step:
    return Step("The remedy, as printed, and the check afterwards:", (*commands, _DONE), shown=6)


PAGE = Page(
    "docs/bad-night.md",
    """
# A bad night

Five faults of a deployed stack, each made by hand, found by [verify](verify.md) and mended by the command that it
prints. `python -m scripts.transcripts` plays this in the sandbox and writes this page; what is another value in each
run (ids, ports, times) is replaced by a word in capitals. [Troubleshooting](troubleshooting.md#what-verify-reports) has
every other finding.
""",
    (
        Step(
            "The stack `dev` in the sandbox, and a function for calls to Cloudflare's API:",
            ("python -m sandbox up > up.log 2>&1", 'eval "$(python -m sandbox env)"', _API, _DONE),
        ),
        Step(
            "## Every hostname answers with error 1033\n\nThe Deployment was scaled to none. The connections and the "
            "answer follow from that, so there is one thing to mend:",
            (
                "kubectl -n blog-dev scale deploy/culvert-dev-cloudflared --replicas=0",
                "kubectl -n blog-dev wait --for=delete pod -l app.kubernetes.io/name=cloudflared --timeout=60s",
                _VERIFY,
            ),
            faults=("Deployment changed",),
        ),
        _mend(_FORCE),
        Step(
            "## A name does not resolve\n\nThe record was deleted in the dashboard:",
            (
                f'record=$(api "$CLOUDFLARE_BASE_URL/zones/{_ZONE}/dns_records" | jq -r .result[0].id)',
                f'api -X DELETE "$CLOUDFLARE_BASE_URL/zones/{_ZONE}/dns_records/$record" | jq -c .success',
                _VERIFY,
            ),
            faults=("record missing",),
        ),
        _mend("pulumi up --refresh --stack dev"),
        Step(
            "## A fault without a symptom\n\nThe token in the Secret was replaced. Running pods have the old one; "
            "each would fail at its next start:",
            (
                "secret=$(kubectl -n blog-dev get secret -o name | grep token)",
                'kubectl -n blog-dev patch $secret -p \'{"stringData": {"token": "another"}}\'',
                _VERIFY,
            ),
            faults=("token Secret changed",),
        ),
        _mend("pulumi up --replace '**culvert-dev-token' --stack dev"),
        Step(
            "## A request that reaches no pod\n\nA rule was removed from the network policy:",
            (
                "policy=$(kubectl -n blog-dev get networkpolicy -l app.kubernetes.io/instance=culvert-dev -o name)",
                'kubectl -n blog-dev patch $policy --type=json -p \'[{"op": "remove", "path": "/spec/egress/2"}]\'',
                _VERIFY,
            ),
            faults=("policy changed",),
        ),
        _mend("pulumi up --replace '**culvert-dev-policy' --stack dev"),
        Step(
            "## Every hostname answers with error 1016\n\nThe tunnel was deleted, with its connections:",
            (
                "tunnel=$(pulumi stack output tunnelId)",
                f'api -X DELETE "$CLOUDFLARE_BASE_URL/accounts/{_ACCOUNT}/cfd_tunnel/$tunnel?cascade=true" '
                "| jq -c .success",
                _VERIFY,
            ),
            faults=("tunnel missing",),
        ),
        _mend("pulumi up --replace '**culvert-dev-tunnel' --stack dev"),
        Step("The end of the night:", ("python -m sandbox down --delete",)),
    ),
)
