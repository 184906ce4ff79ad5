"""The first hour: from a clone to a page that a visitor sees, in the sandbox."""

from scripts.transcripts.page import Page, Step

PAGE = Page(
    "docs/first-hour.md",
    """
# The first hour

From a clone to a page that a visitor sees, without an account or a cluster. `python -m scripts.transcripts` runs these
commands in a fresh clone and writes this page; what is another value in each run (ids, ports, times) is replaced by a
word in capitals. It needs a [cloudflared](https://github.com/cloudflare/cloudflared/releases) on the `PATH`.
""",
    (
        Step(
            "In the folder of the clone, install the packages (this prints nothing if all goes well), and see whether "
            "the stack file\nof `dev` is valid:",
            ("make setup", "python -m sandbox check"),
        ),
        Step(
            "A mistake is reported before anything is made, with what is accepted:",
            (
                "sed -i 's/culvert:sampleSite: true/culvert:sampelSite: true/' Pulumi.dev.yaml",
                "python -m sandbox check",
                "git checkout --quiet Pulumi.dev.yaml",
            ),
        ),
        Step("Create everything:", ("python -m sandbox up",), shown=24),
        Step(
            "Visit the site, through the edge, the tunnel and cloudflared. Elsewhere the browser would find the edge "
            "by DNS;\nhere a name under `.localhost` leads there, in a browser too:",
            (
                "front=$(python -m sandbox status --json | jq -r .frontend)",
                'curl -s "http://blog-dev.example.com.localhost:${front##*:}/" | grep -A 2 "<h1>"',
            ),
        ),
        Step(
            "From here on, `pulumi`, `kubectl` and `python -m ops` work in the sandbox, as they do with a real "
            "account:",
            (
                'eval "$(python -m sandbox env)"',
                "kubectl -n blog-dev get pods",
                "kubectl -n blog-dev logs deploy/culvert-dev-cloudflared --tail=1",
                "make preflight",
                "make verify",
            ),
        ),
        Step(
            "Add a hostname to the stack file and see what that changes, and that no pod restarts:",
            (
                "echo '    - {hostname: old.example.com, service: http_status:410}' >> Pulumi.dev.yaml",
                "pulumi up",
                'curl -s -o /dev/null -w "%{http_code}\\n" -H "Host: old.example.com" "$front"',
            ),
            shown=28,
        ),
        Step("Delete everything, and the sandbox:", ("pulumi destroy", "python -m sandbox down --delete"), shown=8),
    ),
)
