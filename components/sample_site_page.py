"""The page of the sample site: plain HTML and CSS that loads nothing from elsewhere, in light and dark."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>It works</title>
<link rel="icon" href="data:,">
<style>
:root {
  --back: #f6f3ee; --card: #fff; --text: #23272f; --soft: #636b78; --line: #ddd7cc; --accent: #b84a12;
}
@media (prefers-color-scheme: dark) {
  :root { --back: #14161a; --card: #1e2128; --text: #e8eaee; --soft: #9aa3b1; --line: #333843; --accent: #f08a4b; }
}
* { box-sizing: border-box; }
body { min-height: 100vh; margin: 0; padding: 8vh 1.5rem 3rem; color: var(--text); font: 17px/1.6 system-ui, sans-serif;
  background: radial-gradient(70rem 30rem at 50% -12rem, color-mix(in srgb, var(--accent) 28%, transparent),
    transparent) var(--back); }
main { max-width: 46rem; margin: auto; }
h1 { margin: 0; font-size: clamp(2.6rem, 9vw, 4.4rem); line-height: 1.05; letter-spacing: -.03em; }
h1 span { color: var(--accent); }
.lead { max-width: 36rem; margin: 1rem 0 2.6rem; color: var(--soft); font-size: 1.2rem; }
ol { display: flex; margin: 0 0 2.6rem; padding: 0; list-style: none; }
li { position: relative; flex: 1; min-width: 0; padding: 1rem 1.1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; font-size: .88rem; line-height: 1.4; color: var(--soft); }
li + li { margin-left: 2rem; }
li + li::before { content: ""; position: absolute; top: 50%; left: calc(-2rem - 1px); width: 2rem;
  border-top: 2px dashed var(--accent); }
li b { display: block; color: var(--text); font-size: 1rem; }
li:last-child { border-color: var(--accent); }
footer { color: var(--soft); font-size: .88rem; }
@media (max-width: 40rem) {
  ol { flex-direction: column; }
  li + li { margin: 1.4rem 0 0; }
  li + li::before { top: -1.4rem; left: 1.5rem; width: 0; height: 1.4rem; border-top: 0;
    border-left: 2px dashed var(--accent); }
}
</style>
</head>
<body>
<main>
<h1>It works<span>.</span></h1>
<p class="lead">This page comes from a pod in your Kubernetes cluster. No port is open to the internet: the cluster
dialed out, through a Cloudflare Tunnel.</p>
<ol aria-label="The way of this page">
<li><b>You</b> asked for a hostname.</li>
<li><b>Cloudflare</b> found its DNS record and the tunnel.</li>
<li><b>cloudflared</b> holds the tunnel, in a pod.</li>
<li><b>nginx</b> sent this page, from another pod.</li>
</ol>
<footer>This is culvert's sample site. Replace it: route the hostname to a Service of yours, and remove the setting
<code>sampleSite</code>.</footer>
</main>
</body>
</html>
"""
