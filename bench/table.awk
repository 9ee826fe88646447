# Lines of "round case contender wall cpu MiB GFLOP" become a table: medians over the rounds; ratios are to `assay` in the
# same round. The fraction of the peak is of CPU time, whatever the number of cores.
function median(list, n,   i, k, t) {
    for (i = 2; i <= n; i++)
        for (k = i; k > 1 && list[k] < list[k - 1]; k--) { t = list[k]; list[k] = list[k - 1]; list[k - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
function of(what, case_, contender,   list, n, r) {
    for (r = 1; r <= rounds; r++)
        if ((r, case_, contender, what) in value) list[++n] = value[r, case_, contender, what]
    return n ? median(list, n) : 0
}
function ratio(what, case_, contender,   list, n, r, ours) {
    for (r = 1; r <= rounds; r++) {
        ours = value[r, case_, "assay", what]
        if ((r, case_, contender, what) in value && ours > 0) list[++n] = value[r, case_, contender, what] / ours
    }
    return n ? median(list, n) : 0
}
{
    if (!(($2, $3) in seen)) { seen[$2, $3] = 1; contenders[$2] = contenders[$2] (contenders[$2] ? "\t" : "") $3 }
    if (!($2 in known)) { known[$2] = 1; cases[++count] = $2 }
    if ($1 > rounds) rounds = $1
    value[$1, $2, $3, "wall"] = $4
    value[$1, $2, $3, "cpu"] = $5
    if ($6 != "-") value[$1, $2, $3, "mib"] = $6
    if ($7 != "-") gflop[$2] = $7
}
END {
    for (c = 1; c <= count; c++) {
        name = cases[c]
        printf "  %s\n", name
        n = split(contenders[name], list, "\t")
        for (i = 1; i <= n; i++) {
            who = list[i]
            cpu = of("cpu", name, who)
            printf "    %-58s %10.3f ms wall %10.3f ms CPU", who, of("wall", name, who), cpu
            if (of("mib", name, who)) printf " %5d MiB", of("mib", name, who)
            if (who == "assay" && gflop[name]) printf "  %.2f of the peak", gflop[name] / cpu * 1e3 / peak
            if (who != "assay") printf "  x %.2f wall, x %.2f CPU", ratio("wall", name, who), ratio("cpu", name, who)
            printf "\n"
        }
    }
}
