//! The words of a name, and the ways to join them.

/// The words of `SensorReading`, `sensor_reading` or `SENSOR_READING`, in lower case. `IMUReading` is `imu`, `reading`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = vec![String::new()];
    for (i, &c) in chars.iter().enumerate() {
        if c == '_' {
            words.push(String::new());
            continue;
        }
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() && before != '_'
                    || before.is_uppercase() && after.is_some_and(|c| c.is_lowercase())
            });
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `sensor_reading`.
pub(crate) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `SENSOR_READING`.
pub(crate) fn upper(name: &str) -> String {
    snake(name).to_uppercase()
}

/// `SensorReading`.
pub(crate) fn pascal(name: &str) -> String {
    let capital = |word: String| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    words(name).into_iter().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_case() {
        assert_eq!(snake("SensorReading"), "sensor_reading");
        assert_eq!(snake("IMUReading"), "imu_reading");
        assert_eq!(snake("TableHeaderV1"), "table_header_v1");
        assert_eq!(snake("Vec3"), "vec3");
        assert_eq!(upper("maxItems"), "MAX_ITEMS");
        assert_eq!(pascal("sensor_reading"), "SensorReading");
        assert_eq!(pascal("MAX_ITEMS"), "MaxItems");
    }
}
