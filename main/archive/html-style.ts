// How an exported page looks: the reader's own light or dark, a column that reads well, and paper when it is printed.
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1c1e;--soft:#5f6068;--line:#dcdce2;--wash:#f4f4f7;--link:#2f5bd0}
@media(prefers-color-scheme:dark){:root{--ink:#ececf1;--soft:#a3a4ad;--line:#38383f;--wash:#232329;--link:#8fb0ff}}
body{margin:0;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;color:var(--ink);background:Canvas}
main{max-width:44rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:.95rem;color:var(--soft);font-weight:600;margin:2.5rem 0 .25rem;padding-bottom:.4rem;border-bottom:1px solid var(--line);position:sticky;top:0;background:Canvas}
.intro{color:var(--soft);margin:.25rem 0;overflow-wrap:anywhere}
article{padding:1rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
article header{color:var(--soft);font-size:.9rem}
article header strong{color:var(--ink);font-size:1rem;margin-right:.35rem}
article p{margin:.4rem 0}
article:target{background:var(--wash)}
.about{color:var(--soft);font-size:.9rem;border-left:3px solid var(--line);padding-left:.6rem}
.gone{color:var(--soft);font-style:italic}
.reactions{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;margin:.5rem 0 0;padding:0}
.reactions li{border:1px solid var(--line);border-radius:1rem;padding:.05rem .6rem;font-size:.9rem}
a{color:var(--link)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
pre{background:var(--wash);padding:.8rem;border-radius:.5rem;overflow-x:auto}
blockquote{margin:.5rem 0;padding-left:.9rem;border-left:3px solid var(--line);color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse}
th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left}
.center{text-align:center}.right{text-align:right}
nav{margin:1.5rem 0}
.contents li{padding:.2rem 0}
@media print{h2{position:static}article{break-inside:avoid}}
`
