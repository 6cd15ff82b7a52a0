"""Answers on Spark what pm-aggregate answers on one machine, byte for byte.

    spark-submit --files pm-aggregate scripts/fleet/aggregate.py --output FILE [OPTIONS] PATH...

Every partition of the records is piped through `pm-aggregate --partial`, and what comes out is merged in a tree by
`pm-aggregate --merge`. All sums are exact, so that it makes no difference how the records are split, which worker is
slow, and which partition is computed twice. Workers need nothing but Python: the static program is shipped by
`--files`. The result is written by the driver, for pm-report, pm-alert and pm-export.

Two things that Spark has are left alone. `RDD.pipe` passes text only, and says of a program that failed no more than
its status; here its words are the error. `textFile` replaces what is not UTF-8 and ends lines at carriage returns, and so
would count other runs; the text source of Spark SQL does neither. Compressed files are taken whole, as bytes, because
Spark reads zstd only where Hadoop was built with it.
"""

import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile

from pyspark import SparkFiles
from pyspark.sql import SparkSession, functions
from pyspark.sql.utils import AnalysisException

AGGREGATE = "pm-aggregate"
# Passes records on as they are, whatever they are compressed by. It judges nothing on the way, keeps no counts, and
# tells no one: whatever store a worker may have is not asked about.
PASS = ("pm-alert", ["--replay", "--pass", f"--config={os.devnull}"])
# The metrics that are compared where nobody names others, as pm-aggregate has them.
JUDGED = (
    "duration.total_ms,resource_usage.peak_memory_mb,resource_usage.cpu_time_ms,"
    "github_api.requests_made,github_api.graphql_points"
)
COMPRESSED = "*.{zst,gz}"
PLAIN = "*.{ndjson,jsonl,json}"
ENDINGS = r"\.(zst|gz|ndjson|jsonl|json)$"
# How many partial results one process merges.
FAN = 16
BLOCK = 1 << 16


class ToolFailed(Exception):
    """A tool ended with another status than 0; what it said is the message."""


def program(name):
    """Where the program lies on this machine. What is shipped loses the right to be run on the way."""
    path = SparkFiles.get(name)
    if not os.path.exists(path):
        raise ToolFailed(f"{name} was not shipped\n  hint: spark-submit --files {name}")
    if not os.access(path, os.X_OK):
        os.chmod(path, 0o755)
    return path


def run(name, args, chunks):
    """Runs a program on bytes; returns what it wrote, and what it said."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [program(name), *args], stdin=subprocess.PIPE, stdout=output, stderr=words, bufsize=BLOCK
        )
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
        except BrokenPipeError:
            pass  # It has ended, and its status says why.
        except BaseException:
            process.kill()
            process.wait()
            raise
        status = process.wait()
        words.seek(0)
        said = words.read(BLOCK).decode("utf-8", "replace").strip()
        if status != 0:
            raise ToolFailed(f"{said or name}\n  {name} ended with status {status}")
        output.seek(0)
        return output.read(), said


def partial(args):
    """A partition of plain lines to one partial result. It is one value, because its lines belong together."""

    def of(rows):
        first = next(rows, None)
        if first is not None:
            lines = (bytes(row[0]) + b"\n" for row in itertools.chain([first], rows))
            yield run(AGGREGATE, args, lines)

    return of


def partial_of_files(args):
    """The same of compressed files, each by itself: what is wrong with one is said with its name."""

    def of(rows):
        for path, content in rows:
            try:
                yield run(AGGREGATE, args, [content])
            except ToolFailed as failure:
                raise ToolFailed(f"{path}: {failure}") from None

    return of


def merge(args):
    """Partial results to one."""

    def of(parts):
        parts = list(parts)
        if parts:
            result, said = run(AGGREGATE, args, (part for part, _ in parts))
            yield result, "\n".join(filter(None, [words for _, words in parts] + [said]))

    return of


def by_number(fan):
    """Sends the partition of this number to that one of the next level."""

    def of(number, parts):
        return ((number // fan, part) for part in parts)

    return of


def merged(parts, args):
    """Merges in a tree, until one partial result is left."""
    while parts.getNumPartitions() > 1:
        fewer = -(-parts.getNumPartitions() // FAN)
        parts = parts.mapPartitionsWithIndex(by_number(FAN)).partitionBy(fewer, int).values()
        parts = parts.mapPartitions(merge(args))
    return parts.mapPartitions(merge(args))


def lines_of_files(rows):
    """The lines of files that go whole, each with where it stands."""
    for path, content in rows:
        try:
            text, said = run(*PASS, [content])
        except ToolFailed as failure:
            raise ToolFailed(f"{path}: {failure}") from None
        for number, line in enumerate(text.split(b"\n")):
            yield path, 0, number, line
        if said:
            yield path, 0, None, said


def command_of(line):
    """The command of a run, nothing of what is no run, and an error of what is no record."""
    import json

    ((kind, content),) = json.loads(line).items()
    if kind != "performance_metrics":
        return None
    command = content["command"]
    if not isinstance(command, str):
        raise TypeError(command)
    return command


def keyed(rows):
    """Runs by their commands, before them what there is to say. What is no run has no series."""
    skipped = {}
    for path, block, number, line in rows:
        if number is None:
            yield (False, f"{path}: {line}", path, 0, 0), b""
        elif line := bytes(line).strip():
            try:
                command = command_of(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                skipped[path] = skipped.get(path, 0) + 1
                continue
            if command is not None:
                yield (True, command, path, block, number), line
    for path, count in skipped.items():
        yield (False, f"{path}: lines skipped that are no records: {count}", path, 0, 0), b""


def of_each_command(args):
    """The runs of each command, in the order of the files, through one process. They go by a file: of a pipe it would depend on
    its pauses what is looked at when."""

    def of(rows):
        for (is_run, command), group in itertools.groupby(rows, lambda row: row[0][:2]):
            if not is_run:
                yield command, (b"", command)
                continue
            with tempfile.NamedTemporaryFile() as file:
                file.writelines(line + b"\n" for _, line in group)
                file.flush()
                result, said = run(AGGREGATE, [*args, file.name], [])
            yield command, (result, said)

    return of


def lines(spark, paths):
    """Plain files, a row a line, cut between workers."""
    return spark.read.option("pathGlobFilter", PLAIN).option("lineSep", "\n").text(paths)


def files(spark, paths, kind=COMPRESSED):
    """Files as they are, a row a file."""
    return spark.read.format("binaryFile").option("pathGlobFilter", kind).load(paths)


def is_named(path, names):
    """Whether somebody named just this file."""
    # Spark writes out what comes before: the scheme, the host, the folder that it was started in.
    ends = (re.sub(r"^([\w.+-]+:)?(\.{0,2}/)*", "/", name) for name in names)
    return any(f"/{path}".endswith(end) for end in ends)


def choose(spark, options):
    """Notes which files are read though they are not called as records are, because they were named by hand; returns
    what to say of those that are not read. Nothing to read is an error, and no answer."""
    path = functions.col("path")
    paths = spark.read.format("binaryFile").load(options.paths).select("path")
    others = sorted({row.path for row in paths.where(~path.rlike(ENDINGS)).collect()})
    options.by_hand = [path for path in others if is_named(path, options.paths)]
    if not options.by_hand and not paths.where(path.rlike(ENDINGS)).head(1):
        raise ToolFailed(
            f"there is no file of records at {', '.join(options.paths)}\n"
            f"  hint: their names match {PLAIN} or {COMPRESSED}; others have to be named one by one"
        )
    left = [path for path in others if path not in options.by_hand]
    return [f"fleet: files left out for their names: {len(left)}; first: {left[0]}"] if left else []


def whole(spark, options):
    """Files that go whole, whatever they are compressed by."""
    found = files(spark, options.paths).select("path", "content").rdd
    if options.by_hand:
        found = found.union(files(spark, options.by_hand, "*").select("path", "content").rdd)
    return found


def summary(spark, options):
    """Partial results of everything, merged."""
    flags = ["--partial", *options.flags]
    # A line costs Python more than the tool: only what is too large for one worker is cut into them.
    limit = options.whole_below << 20
    plain = files(spark, options.paths, PLAIN).select("path", "length").collect()
    small, large = ([row.path for row in plain if (row.length < limit) == is_small] for is_small in (True, False))
    parts = whole(spark, options).mapPartitions(partial_of_files(flags))
    if small:
        taken = files(spark, small, PLAIN).select("path", "content")
        parts = parts.union(taken.rdd.mapPartitions(partial_of_files(flags)))
    if large:
        value = lines(spark, large).select(functions.col("value").cast("binary"))
        parts = parts.union(value.rdd.mapPartitions(partial(flags)))
    # An empty partition has nothing to say; without any, the last process still has the say.
    found = merged(parts, ["--merge", "--partial", *options.kept]).collect()
    try:
        result, said = run(AGGREGATE, options.final, [part for part, _ in found])
    except ToolFailed as failure:
        raise ToolFailed(re.sub("leave `--strict` out.*", "give times in whole hours", str(failure))) from None
    return result, [words for _, words in found] + [said]


def changes(spark, options):
    """Since when each command is what it is: its runs are brought together, because their order matters."""
    places = lines(spark, options.paths).select(
        functions.col("_metadata.file_path"),
        functions.col("_metadata.file_block_start"),
        functions.monotonically_increasing_id(),
        functions.col("value").cast("binary"),
    )
    rows = places.rdd.union(whole(spark, options).mapPartitions(lines_of_files))
    count = max(rows.getNumPartitions(), 1)
    rows = rows.mapPartitions(keyed).repartitionAndSortWithinPartitions(count, lambda key: portable(key[1]))
    found = rows.mapPartitions(of_each_command(options.flags)).collect()
    found.sort(key=lambda one: one[0].encode("utf-8", "surrogatepass"))
    return b"".join(result for _, (result, _) in found), [said for _, (_, said) in found]


def portable(text):
    """A hash that is the same in every process."""
    import zlib

    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def parse(words):
    """What was typed. What is not known here is a flag of pm-aggregate and stands behind `--`."""
    parser = argparse.ArgumentParser(prog="aggregate.py", description=__doc__.split("\n", 1)[0])
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, patterns or a tree, wherever Spark reads")
    parser.add_argument("--by", default="command", help="fields whose values make the groups")
    parser.add_argument("--window", default="all", help="windows of this length")
    parser.add_argument("--metric", help="numbers that get a distribution, are compared, or watched for changes")
    parser.add_argument("--since", help="only runs that started then or later")
    parser.add_argument("--until", help="only runs that started before")
    parser.add_argument("--where", action="append", default=[], help="only runs with FIELD=VALUE")
    parser.add_argument("--across-machines", action="store_true", help="with --compare and --changes")
    result = parser.add_mutually_exclusive_group()
    result.add_argument("--changes", action="store_true", help="since when is each command what it is?")
    result.add_argument("--compare", metavar="BASELINE", help="a date, a range in whole hours, or FIELD=VALUE")
    result.add_argument("--partial", action="store_true", help="write the merged state, in place of summaries")
    parser.add_argument("--current", metavar="RUNS", help="what is compared, with --compare")
    parser.add_argument(
        "--whole-below", type=int, default=64, metavar="MB", help="plain files that are longer are cut between workers"
    )
    parser.add_argument("--output", required=True, help="a file of the driver's; spark-submit writes errors to standard output")
    options = parser.parse_args(words)
    if options.current and not options.compare:
        parser.error("--current needs --compare")
    if options.window != "all" and (options.changes or options.compare):
        parser.error("--window does not go with --changes or --compare: choose the time with --since and --until")
    return options


def flag(name, value):
    return [] if value is None else [f"--{name}={value}"]


def plan(options):
    """The flags of the processes: of those that read records, those that merge, and the last one."""
    period = flag("since", options.since) + flag("until", options.until)
    where = [word for one in options.where for word in flag("where", one)]
    metric = flag("metric", options.metric)
    across = ["--across-machines"] if options.across_machines else []
    if options.changes:
        options.flags = ["--changes", *flag("by", options.by), *period, *where, *metric, *across]
        options.final = options.flags
    elif options.compare:
        sides = [text.split("=", 1)[0] for text in (options.compare, options.current) if text and "=" in text]
        fields = dict.fromkeys([*options.by.split(","), "machine", *sides])
        options.kept = [f"--by={','.join(fields)}", "--window=1h", f"--metric={options.metric or JUDGED}"]
        # The period is that of one side only, so that only the last process can tell what it leaves out. It is told to
        # refuse a state that it would have to cut: figures without it would look like an answer.
        options.flags = [*options.kept, *where]
        options.final = ["--merge", "--strict", *flag("by", options.by), *period, *metric, *across]
        options.final += flag("compare", options.compare) + flag("current", options.current)
    else:
        options.kept = [*flag("by", options.by), *flag("window", options.window), *metric]
        options.flags = [*options.kept, *period, *where]
        options.final = ["--merge", *options.kept, *(["--partial"] if options.partial else [])]


def reason(error):
    """The words of a tool in what Spark says of a failed task, or which input is not there; none of anything else."""
    if isinstance(error, AnalysisException):
        return str(error).strip().split("\n", 1)[0]
    _, found, rest = f"{type(error).__name__}: {error}".partition("ToolFailed: ")
    if not found:
        return None
    return "\n".join(itertools.takewhile(lambda line: line.strip() and not line.startswith("\tat "), rest.split("\n")))


def answer(spark, options):
    """The bytes of the result, and what the tools had to say."""
    plan(options)
    # What cannot be meant is refused here, before anybody works on it.
    for flags in (options.flags, options.final):
        run(AGGREGATE, flags, [])
    left_out = choose(spark, options)
    result, said = changes(spark, options) if options.changes else summary(spark, options)
    return result, [line for line in "\n".join([*left_out, *said]).split("\n") if line]


def main(words):
    options = parse(words)
    is_new = not os.path.exists(options.output)
    try:
        # Whoever cannot write the answer is told so before hours of work; what stands there stays until there is one.
        open(options.output, "ab").close()
    except OSError as error:
        print(f"fleet: cannot write '{options.output}': {error.strerror}", file=sys.stderr)
        return 4
    done = None
    try:
        done = ask(options)
    finally:
        if done is None and is_new:
            os.remove(options.output)
    if done is None:
        return 4
    result, said = done
    for line in said:
        print(line, file=sys.stderr)
    with open(options.output, "wb") as file:
        file.write(result)
    return 0


def ask(options):
    """The answer of a cluster; none if there is none, and it was said why."""
    spark = SparkSession.builder.appName("pm-aggregate").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        return answer(spark, options)
    except Exception as error:  # What fails on a worker comes as an exception of the JVM, with its text.
        words = reason(error)
        if words is None:
            raise
        print(f"fleet: {words}", file=sys.stderr)
        return None
    finally:
        spark.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
