//! Tables on a terminal (SAM, Serverless Framework, CDK) whose cells run over several lines → one line per row.

/// The fewest blanks between two columns.
const GAP: &str = "  ";

/// Rows whose later columns go on below become single lines; every other line stays as it is.
pub fn read_columns(lines: &[String]) -> Vec<String> {
    let mut out = Vec::with_capacity(lines.len());
    let mut index = 0;
    while index < lines.len() {
        let columns = columns(&lines[index]);
        let below =
            if starts_row(&lines[index]) && columns.len() >= 3 { continuation(lines, index, &columns) } else { 0 };
        if below == 0 {
            out.push(lines[index].clone());
            index += 1;
            continue;
        }
        out.push(row(&lines[index..=index + below], &columns));
        index += below + 1;
    }
    out
}

/// Whether a line begins a row of a stack-event table.
fn starts_row(line: &str) -> bool {
    let line = line.trim_start();
    ["CREATE_", "UPDATE_", "DELETE_", "IMPORT_", "ROLLBACK_"].iter().any(|status| line.starts_with(status))
}

/// Where the cells of a row begin, in characters.
fn columns(line: &str) -> Vec<usize> {
    let chars: Vec<char> = line.chars().collect();
    let blank = |at: usize| chars.get(at).is_none_or(|c| *c == ' ');
    (0..chars.len()).filter(|&at| !blank(at) && (at == 0 || (blank(at - 1) && (at == 1 || blank(at - 2))))).collect()
}

/// How many lines below go on with the cells of the row.
fn continuation(lines: &[String], index: usize, columns: &[usize]) -> usize {
    lines[index + 1..]
        .iter()
        .take_while(|line| {
            let begins = line.chars().position(|c| c != ' ');
            // A later column, or a first one that goes on: but not a new row, nor a ruler.
            begins.is_some_and(|at| columns.iter().skip(1).any(|column| *column == at)) && line.starts_with(GAP)
        })
        .count()
}

/// The cells of some lines, put together column by column.
fn row(lines: &[String], columns: &[usize]) -> String {
    let mut cells = vec![String::new(); columns.len()];
    let mut full = vec![false; columns.len()];
    let width = widest_cell(lines, columns);
    for line in lines {
        let chars: Vec<char> = line.chars().collect();
        for (number, cell) in cells.iter_mut().enumerate() {
            let from = columns[number].min(chars.len());
            let to = columns.get(number + 1).copied().unwrap_or(usize::MAX).min(chars.len());
            let part: String = chars[from..to].iter().collect();
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            // A cell that was filled to the last place was cut within a word; so was one that ends in a hyphen.
            if !cell.is_empty() && !full[number] && !cell.ends_with('-') {
                cell.push(' ');
            }
            cell.push_str(part);
            let room = columns.get(number + 1).map_or(width, |next| next - columns[number] - 1);
            full[number] = part.chars().count() >= room.min(width.max(1));
        }
    }
    cells.retain(|cell| !cell.is_empty());
    cells.join(GAP)
}

/// The width of the last column: its longest part.
fn widest_cell(lines: &[String], columns: &[usize]) -> usize {
    let from = columns.last().copied().unwrap_or(0);
    lines.iter().map(|line| line.trim_end().chars().count().saturating_sub(from)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_sam_becomes_one_line() {
        let table = "\
CREATE_FAILED            AWS::IAM::Role           HelloWorldFunctionRol    Resource handler
                                                  e                        returned message:
                                                                           \"User: arn:aws:iam::11
                                                                           1122223333:user/ann is
                                                                           not authorized
-----------------";
        let lines: Vec<String> = table.lines().map(str::to_owned).collect();
        let read = read_columns(&lines);
        assert_eq!(read.len(), 2, "{read:#?}");
        assert!(read[0].ends_with("\"User: arn:aws:iam::111122223333:user/ann isnot authorized"), "{}", read[0]);
    }

    #[test]
    fn rows_of_one_line_stay() {
        let lines = vec!["CREATE_FAILED   AWS::S3::Bucket   bucket   Resource creation cancelled".to_owned(); 2];
        assert_eq!(read_columns(&lines), lines);
    }
}
