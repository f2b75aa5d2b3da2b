# SPDX-License-Identifier: Apache-2.0
"""From records to tables in Markdown."""
import statistics

# (work, title), in the order of the rows
SECONDS = (('initial', 'initial backup'), ('delta', '{percent} delta'), ('unchanged', 'unchanged'),
           ('restore newest', 'restore newest'), ('restore oldest', 'restore oldest'),
           ('delta restore', 'restore onto the previous'), ('check', 'check of all data'))
SIZES = (('size', 'size after the initial one'), ('growth, delta', 'growth for each delta'),
         ('growth, unchanged', 'growth, unchanged'))
MEGABYTE = 1_000_000


def median(records, tool, work, field):
    values = [record[field] for record in records
              if record['tool'] == tool and record['work'] == work and field in record]
    return statistics.median(values) if values else None


def cell(value, unit=1.0):
    """Three digits that count, or a dash."""
    if value is None:
        return '-'
    value /= unit
    for least, digits in ((100, 0), (10, 1), (0.1, 2)):
        if abs(value) >= least:
            return f'{value:.{digits}f}'
    return f'{value:.3f}'


def table(head, rows):
    lines = [head, ['---'] + ['---:'] * (len(head) - 1)] + rows
    return ''.join('| ' + ' | '.join(line) + ' |\n' for line in lines) + '\n'


def workload_report(kind, options, columns, records, notes):
    """One workload: the comparison, the machine's limits, what failed, what was verified."""
    def medians(work, field, unit=1.0):
        return [cell(median(records, tool, work, field), unit) for tool in columns]

    def peak(tool):
        peaks = [record['peak_kib'] for record in records
                 if record['tool'] == tool and 'peak_kib' in record]
        return cell(max(peaks) * 1024 if peaks else None, MEGABYTE)

    percent = '1%' if kind == 'dump' else '0.5%'
    rows = [[title.format(percent=percent) + ', s'] + medians(work, 'wall')
            for work, title in SECONDS]
    rows += [[title + ', MB'] + medians(work, 'bytes', MEGABYTE) for work, title in SIZES]
    rows += [['peak memory, MB'] + [peak(tool) for tool in columns]]
    text = f'## {kind}: {" ".join(options)}\n\n' + table(['work', *columns], rows)

    limits = dict.fromkeys(record['work'] for record in records if record['tool'] == 'limit')
    text += table(["the machine's limits", 's', 'MB'],
                  [[work, cell(median(records, 'limit', work, 'wall')),
                    cell(median(records, 'limit', work, 'bytes'), MEGABYTE)] for work in limits])

    grouped = {}
    for tool, work, reason in notes:
        grouped.setdefault((work, reason), []).append(tool)
    for (work, reason), tools in grouped.items():
        text += f'- {work}: {", ".join(tools)}: {reason}\n'

    verified = [record for record in records if record['work'].startswith('verify')]
    good = sum(record['wrong'] + record['unexpected'] == 0 for record in verified)
    return text + f'- {good} of {len(verified)} restored trees equal their source ' \
                  '(names, types, link targets, SHA-256)\n\n'


def head(machine):
    text = f'# Benchmark, {machine["date"]}\n\n' \
           f'{machine["cpu"]}, {machine["cores"]} cores, ' \
           f'{machine["memory_bytes"] / 2**30:.0f} GiB, ' \
           f'Linux {machine["kernel"]}, {machine["filesystem"]}, ' \
           f'load {machine["load"]:.2f} at the start. ' \
           f'Scale {machine["scale"]:g}, medians of {machine["runs"]} runs and ' \
           f'{machine["rounds"]} deltas; wall time of whole processes, page cache warm.\n\n'
    versions = ''.join(f'- {name}: {version}\n' for name, version in machine['versions'].items())
    return text + versions + '\n'
